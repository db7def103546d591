/* SPDX-License-Identifier: MIT */
/* The gate for files that are named by users and clients: it never blocks and has bounds. */
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/riscreen-file-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return !mkdtemp(folder) || chdir(folder) || mkfifo("fifo", 0600) || mkdir("dir", 0700);
}

static int leave_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"fifo", "file", "sparse", "socket", "new"};
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        unlink(names[i]);
    rmdir("dir");
    return chdir("/") || rmdir(folder);
}

static void put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void make_socket(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "socket"};
    unlink(at.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
    close(fd);
}

static void read_is(const char *path, size_t limit, bool regular, const char *text)
{
    struct host_bytes b;
    struct error err;
    assert_int_equal(host_file_read(&b, path, limit, regular, &err), 0);
    assert_int_equal(b.size, strlen(text));
    assert_string_equal(b.data, text);
    host_bytes_free(&b);
}

static void read_fails(const char *path, size_t limit, bool regular, int error, const char *words)
{
    struct host_bytes b;
    struct error err = {""};
    assert_int_equal(host_file_read(&b, path, limit, regular, &err), error);
    assert_null(b.data);
    assert_non_null(strstr(err.text, words));
}

static void test_read(void **state)
{
    (void)state;
    put_file("file", "twelve bytes");
    read_is("file", 12, true, "twelve bytes");
    read_fails("file", 11, true, EFBIG, "larger than 11 bytes");
    put_file("file", "");
    read_is("file", 0, true, "");
    read_is("/dev/null", 8, false, "");
    read_fails("/dev/zero", 1 << 20, false, EFBIG, "larger than 1 MiB");
    read_fails("/dev/zero", 1 << 20, true, ENOTSUP, "no regular file");
    read_fails("none", 8, false, ENOENT, "No such file");
    read_fails("dir", 8, false, EISDIR, "directory");
    make_socket();
    read_fails("socket", 8, false, ENXIO, "socket");
    put_file("sparse", "");
    assert_int_equal(truncate("sparse", 1l << 40), 0);
    read_fails("sparse", 4096, true, EFBIG, "larger than 4096 bytes");
    struct host_bytes b; /* a file that says it is empty and is not */
    struct error err;
    assert_int_equal(host_file_read(&b, "/proc/self/status", 65536, true, &err), 0);
    assert_int_equal(strncmp((char *)b.data, "Name:", 5), 0);
    host_bytes_free(&b);
}

static void test_open(void **state)
{
    (void)state;
    static const char *const no[] = {"none", "dir", "fifo", "socket", "/dev/zero"};
    struct error err;
    char text[8] = "";
    make_socket();
    for (unsigned i = 0; i < ARRAY_SIZE(no); i++) {
        err.text[0] = 0;
        assert_null(host_file_open(no[i], &err));
        assert_true(err.text[0]);
    }
    put_file("file", "text");
    FILE *f = host_file_open("file", &err);
    assert_non_null(f);
    assert_int_equal(fread(text, 1, sizeof(text), f), 4);
    assert_string_equal(text, "text");
    fclose(f);
}

static void test_read_pipe(void **state)
{
    (void)state;
    read_fails("fifo", 8, false, ENODATA, "nobody writes");
    read_fails("fifo", 8, true, ENOTSUP, "no regular file");
    int reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int writer = open("fifo", O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(writer, "all of it", 9), 9);
    pid_t child = fork(); /* a writer that is slow */
    if (!child) {
        usleep(50000);
        _exit(write(writer, ", late", 6) != 6);
    }
    close(writer);
    read_is("fifo", 64, false, "all of it, late");
    close(reader);
}

static void test_write(void **state)
{
    (void)state;
    put_file("file", "what was there");
    FILE *f = host_file_create("file");
    assert_true(fputs("new", f) >= 0);
    assert_int_equal(fclose(f), 0);
    read_is("file", 64, true, "new");
    f = host_file_create("new");
    assert_non_null(f);
    fclose(f);
    assert_null(host_file_create("fifo"));
    assert_int_equal(errno, ENXIO);
    assert_null(host_file_create("dir"));
    assert_int_equal(errno, EISDIR);
    assert_null(host_file_create("socket"));
    assert_int_equal(errno, ENXIO);
    f = host_file_create("/dev/full");
    assert_true(fputs("x", f) >= 0);
    assert_int_equal(fclose(f), EOF);
    assert_int_equal(errno, ENOSPC);
}

static void test_write_pipe(void **state)
{
    (void)state;
    static char much[100000];
    char text[8];
    int reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *f = host_file_create("fifo");
    assert_non_null(f);
    assert_true(fputs("hello", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(read(reader, text, sizeof(text)), 5);
    int fd = host_file_open_write("fifo");
    assert_int_equal(host_file_write(fd, much, sizeof(much)), ETIMEDOUT); /* never read */
    close(reader);
    assert_int_equal(host_file_write(fd, much, 1), EPIPE);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),       cmocka_unit_test(test_open),
        cmocka_unit_test(test_read_pipe),  cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_pipe),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
