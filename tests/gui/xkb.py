# SPDX-License-Identifier: MIT
"""What keys write, by libxkbcommon: a second opinion on ui/keyboard_layout.c."""
import ctypes

KEYS = {9: "\t", 13: "\n", 8: "\b"}  # what xkbcommon calls Tab and Return


class Names(ctypes.Structure):
    _fields_ = [(n, ctypes.c_char_p) for n in ("rules", "model", "layout", "variant", "options")]


class Keyboard:
    """A keyboard with a layout ("us", "gb", ...) and dead keys, as X programs have it. OSError: no libxkbcommon."""

    def __init__(self, layout):
        self.lib = ctypes.CDLL("libxkbcommon.so.0")
        context = self.call("xkb_context_new", 0)
        names = Names(b"evdev", b"pc105", layout.encode(), None, None)
        keymap = self.call("xkb_keymap_new_from_names", context, ctypes.byref(names), 0)
        self.state = self.call("xkb_state_new", keymap)
        table = self.call("xkb_compose_table_new_from_locale", context, b"en_US.UTF-8", 0)
        self.compose = self.call("xkb_compose_state_new", table, 0)

    def call(self, name, *args, kind=ctypes.c_void_p):
        function = getattr(self.lib, name)
        function.restype = kind
        return function(*[ctypes.c_void_p(a) if isinstance(a, int) and a > 1 << 16 else a for a in args])

    def key(self, code, down):
        """The text that an evdev key writes as it goes down or up."""
        text = ""
        if down:
            sym = self.call("xkb_state_key_get_one_sym", self.state, code + 8, kind=ctypes.c_uint32)
            self.call("xkb_compose_state_feed", self.compose, ctypes.c_uint32(sym))
            status = self.call("xkb_compose_state_get_status", self.compose, kind=ctypes.c_int)
            if status == 2:  # composed
                sym = self.call("xkb_compose_state_get_one_sym", self.compose, kind=ctypes.c_uint32)
            if status in (0, 2):
                char = self.call("xkb_keysym_to_utf32", ctypes.c_uint32(sym), kind=ctypes.c_uint32)
                text = chr(char).replace("\r", "\n") if char else ""
            if status in (2, 3):
                self.call("xkb_compose_state_reset", self.compose)
        self.call("xkb_state_update_key", self.state, code + 8, 1 if down else 0)
        return text
