/* SPDX-License-Identifier: MIT */
/* Commands in words, as --log gpu and the replay's --list print them: every row of the table. */
#include "virtio/gpu/gpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct gpu_row *row_of(uint32_t type)
{
    for (size_t i = 0; i < gpu_table_2d.count; i++)
        if (gpu_table_2d.row[i].type == type)
            return &gpu_table_2d.row[i];
    return NULL;
}

/* A request whose words are 1, 2, 3, ... behind the header. */
static void describe(uint32_t type, char *text, size_t size)
{
    struct gpu_command cmd = {.row = row_of(type)};
    uint8_t *bytes = (uint8_t *)&cmd.req;
    for (uint32_t i = 0; i < (sizeof(cmd.req) - sizeof(cmd.req.hdr)) / 4; i++)
        bytes[sizeof(cmd.req.hdr) + i * 4] = (uint8_t)(i + 1);
    cmd.req.hdr.type = le32_make(type);
    gpu_command_describe(&cmd, text, size);
}

static void test_commands(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        const char *words;
    } rows[] = {
        {GPU_GET_DISPLAY_INFO, "GET_DISPLAY_INFO"},
        {GPU_GET_EDID, "GET_EDID scanout 1"},
        {GPU_RESOURCE_CREATE_2D, "RESOURCE_CREATE_2D resource 1 3x4 format 2"},
        {GPU_RESOURCE_UNREF, "RESOURCE_UNREF resource 1"},
        {GPU_RESOURCE_DETACH_BACKING, "RESOURCE_DETACH_BACKING resource 1"},
        {GPU_RESOURCE_ATTACH_BACKING, "RESOURCE_ATTACH_BACKING resource 1 entries 2"},
        {GPU_SET_SCANOUT, "SET_SCANOUT resource 6 3x4+1+2 on scanout 5"},
        {GPU_RESOURCE_FLUSH, "RESOURCE_FLUSH resource 5 3x4+1+2"},
        {GPU_TRANSFER_TO_HOST_2D, "TRANSFER_TO_HOST_2D resource 7 3x4+1+2 from 25769803781"},
        {GPU_RESOURCE_ASSIGN_UUID, "RESOURCE_ASSIGN_UUID resource 1"},
        {GPU_RESOURCE_CREATE_BLOB,
         "RESOURCE_CREATE_BLOB resource 1 memory 2 flags 0x3 entries 4 size 34359738375"},
        {GPU_SET_SCANOUT_BLOB, "SET_SCANOUT_BLOB resource 6 3x4+1+2 of 7x8 format 9 stride 11 "
                               "from 15 on scanout 5"},
        {GPU_UPDATE_CURSOR, "UPDATE_CURSOR scanout 1 resource 5 at 2,3 hot 6,7"},
        {GPU_MOVE_CURSOR, "MOVE_CURSOR scanout 1 resource 5 at 2,3 hot 6,7"},
        {0x1234, "unknown command (type 0x1234)"},
    };
    char text[256];
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        describe(rows[i].type, text, sizeof(text));
        assert_string_equal(text, rows[i].words);
    }
    for (size_t i = 0; i < gpu_table_2d.count; i++) { /* none of the device's is missing here */
        size_t at = 0;
        while (at < ARRAY_SIZE(rows) && rows[at].type != gpu_table_2d.row[i].type)
            at++;
        if (at == ARRAY_SIZE(rows))
            fail_msg("%s is not in this test's list", gpu_table_2d.row[i].name);
    }
    describe(GPU_SET_SCANOUT_BLOB, text, 20); /* cut, not overrun */
    assert_int_equal(strlen(text), 19);
}

static void test_answers(void **state)
{
    (void)state;
    for (uint32_t code = GPU_ERR_UNSPEC; code <= GPU_ERR_INVALID_PARAMETER; code++)
        assert_int_equal(strncmp(gpu_resp_name(code), "ERR_", 4), 0);
    assert_string_equal(gpu_resp_name(GPU_OK_NODATA), "OK_NODATA");
    assert_string_equal(gpu_resp_name(GPU_OK_EDID), "OK_EDID");
    assert_string_equal(gpu_resp_name(GPU_DEFERRED), "deferred");
    assert_string_equal(gpu_resp_name(7), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
