/* SPDX-License-Identifier: MIT */
/* Keysyms of VNC viewers and the keys that a guest gets for them. */
#include "ui/vnc_input.h"

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define XK_SHIFT_L  0xffe1
#define XK_SHIFT_R  0xffe2
#define XK_CONTROL  0xffe3
#define XK_ALT_R    0xffea
#define XK_LEVEL3   0xfe03
#define XK_RETURN   0xff0d
#define XK_LEFT_TAB 0xfe20

struct guest {
    struct input_hub *hub;
    struct vnc_input in;
    char got[1024]; /* "+code" and "-code" */
};

static void on_key(void *ctx, const struct input_event_raw *ev, unsigned n)
{
    struct guest *g = ctx;
    size_t used = strlen(g->got);
    for (unsigned i = 0; i < n; i++)
        if (ev[i].type == EV_KEY)
            snprintf(g->got + used, sizeof(g->got) - used, "%s%c%u", used ? " " : "",
                     ev[i].value ? '+' : '-', ev[i].code);
}

static void begin(struct guest *g, const char *layout)
{
    g->hub = input_hub_create();
    g->got[0] = 0;
    input_hub_set_sink(g->hub, INPUT_KIND_KEYBOARD, on_key, g);
    vnc_input_init(&g->in, g->hub, keyboard_layout_find(layout));
}

/* Asserts which keys the guest got since the last call. LEFTSHIFT is 42, RIGHTSHIFT 54, AltGr
 * 100. */
static void expect(struct guest *g, const char *keys)
{
    assert_string_equal(g->got, keys);
    g->got[0] = 0;
}

static void end(struct guest *g)
{
    g->got[0] = 0;
    vnc_input_release(&g->in);
    for (unsigned code = 1; code < KEY_CNT; code++)
        assert_false(input_is_down(g->hub, code));
    input_hub_destroy(g->hub);
}

static void key(struct guest *g, uint32_t keysym, bool down)
{
    vnc_input_keysym(&g->in, keysym, down);
}

static void press(struct guest *g, uint32_t keysym)
{
    key(g, keysym, true);
    key(g, keysym, false);
}

static void test_bare_symbols(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    press(&g, 'A');
    expect(&g, "+42 +30 -30 -42");
    press(&g, '_');
    expect(&g, "+42 +12 -12 -42");
    press(&g, ';');
    expect(&g, "+39 -39");
    press(&g, ':');
    expect(&g, "+42 +39 -39 -42");
    press(&g, XK_LEFT_TAB);
    expect(&g, "+42 +15 -15 -42");
    press(&g, 0x0100007e + 0x100); /* a character that the layout does not have */
    press(&g, 0xe9);
    expect(&g, "");
    end(&g);
}

/* A viewer that holds the shift key that it needs is left alone, whichever of the two it is. */
static void test_shift_held(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    key(&g, XK_SHIFT_R, true);
    press(&g, '_');
    press(&g, 'H');
    press(&g, ' ');
    press(&g, XK_RETURN);
    key(&g, XK_SHIFT_R, false);
    press(&g, 'i');
    expect(&g, "+54 +12 -12 +35 -35 +57 -57 +28 -28 -54 +23 -23");
    end(&g);
}

/* The character counts, not the shift that happens to be held: digits of a French viewer. */
static void test_shift_in_the_way(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    key(&g, XK_SHIFT_L, true);
    expect(&g, "+42");
    press(&g, '4');
    expect(&g, "-42 +5 -5 +42");
    press(&g, 'a');
    expect(&g, "-42 +30 -30 +42");
    key(&g, 'a', true);
    key(&g, XK_SHIFT_L, false); /* while it is up already */
    key(&g, 'a', false);
    expect(&g, "-42 +30 -30");
    end(&g);
}

static void test_rollover(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    key(&g, 'A', true);
    key(&g, 'A', true); /* repeats are the guest's own */
    key(&g, 'b', true);
    key(&g, 'A', false);
    key(&g, 'b', false);
    expect(&g, "+42 +30 -42 +48 -30 -48");
    key(&g, 'A', true);
    key(&g, 'B', true);
    key(&g, 'A', false);
    key(&g, 'B', false);
    expect(&g, "+42 +30 +48 -30 -48 -42");
    key(&g, 'A', true);
    press(&g, XK_RETURN);
    key(&g, 'A', false);
    expect(&g, "+42 +30 -42 +28 -28 -30");
    key(&g, 'A', true);
    key(&g, XK_SHIFT_L, true); /* late, but the viewer's own from now on */
    key(&g, 'A', false);
    key(&g, XK_SHIFT_L, false);
    expect(&g, "+42 +30 -30 -42");
    end(&g);
}

/* Walk, then run: a shift key that is pressed while a letter is held counts at once. */
static void test_game(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    key(&g, 'w', true);
    key(&g, XK_SHIFT_L, true);
    expect(&g, "+17 +42");
    key(&g, XK_SHIFT_L, false);
    key(&g, 'w', false);
    expect(&g, "-42 -17");
    end(&g);
}

static void test_caps(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    input_set_leds(g.hub, 1 << LED_CAPSL);
    press(&g, 'A');
    press(&g, 'a');
    press(&g, '_');
    expect(&g, "+30 -30 +42 +30 -30 -42 +42 +12 -12 -42");
    key(&g, XK_SHIFT_L, true);
    press(&g, 'a'); /* as a viewer with Caps Lock means it */
    key(&g, XK_SHIFT_L, false);
    expect(&g, "+42 +30 -30 -42");
    end(&g);
}

static void test_altgr(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "de");
    press(&g, '@');
    expect(&g, "+100 +16 -16 -100");
    key(&g, XK_ALT_R, true);
    press(&g, '@');
    press(&g, 'q');
    key(&g, XK_ALT_R, false);
    expect(&g, "+100 +16 -16 -100 +16 -16 +100 -100");
    press(&g, 0x20ac);
    press(&g, 'Z');
    press(&g, 0xfe52); /* dead_circumflex */
    expect(&g, "+100 +18 -18 -100 +42 +21 -21 -42 +41 -41");
    press(&g, 0xe9); /* by its dead key */
    expect(&g, "+13 -13 +18 -18");
    press(&g, 0xc9);
    expect(&g, "+13 -13 +42 +18 -18 -42");
    end(&g);
    begin(&g, "us");
    key(&g, XK_ALT_R, true); /* a menu's letter */
    press(&g, 'f');
    key(&g, XK_ALT_R, false);
    expect(&g, "+100 +33 -33 -100");
    key(&g, XK_LEVEL3, true); /* on the viewer's keyboard only */
    press(&g, '@');
    key(&g, XK_LEVEL3, false);
    expect(&g, "+100 +42 -100 +3 -3 -42 +100 -100");
    end(&g);
}

/* Key positions carry their own modifiers: those of a held character are released. */
static void test_places(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    key(&g, 'A', true);
    vnc_input_key(&g.in, KEY_B, true);
    vnc_input_key(&g.in, KEY_B, false);
    key(&g, 'A', false);
    expect(&g, "+42 +30 -42 +48 -48 -30");
    vnc_input_key(&g.in, KEY_LEFTSHIFT, true);
    vnc_input_key(&g.in, KEY_4, true);
    vnc_input_key(&g.in, KEY_4, false);
    vnc_input_key(&g.in, KEY_LEFTSHIFT, false);
    vnc_input_key(&g.in, 0, true);
    expect(&g, "+42 +5 -5 -42");
    end(&g);
}

static void test_gone(void **state)
{
    (void)state;
    struct guest g;
    begin(&g, "us");
    key(&g, XK_CONTROL, true);
    key(&g, 'A', true);
    vnc_input_release(&g.in);
    g.got[0] = 0;
    press(&g, 'a');
    expect(&g, "+30 -30");
    end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare_symbols),
        cmocka_unit_test(test_shift_held),
        cmocka_unit_test(test_shift_in_the_way),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_game),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_altgr),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
