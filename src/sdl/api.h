/* SPDX-License-Identifier: MIT */
/*
 * SDL2, for whatever needs it: the window's front-end, and a back-end that plays sound. It is loaded
 * when the first of them is created, not when riscreen starts: a headless run loads no display
 * library (SDL alone depends on sixty), and a host without SDL runs the same program. Each SDL
 * function is a member of struct sdl_api, without its prefix: sdl->CreateWindow(...).
 */
#ifndef SDL_API_H
#define SDL_API_H

#include "base/error.h"
#include "base/util.h"

#define SDL_MAIN_HANDLED
#include <SDL.h>
#include <SDL_syswm.h>

/* clang-format off */
#define SDL_API(X)                                                                                 \
    X(CreateRGBSurfaceFrom) X(CreateRenderer) X(CreateTexture) X(CreateWindow) X(DestroyRenderer)  \
    X(DestroyTexture) X(DestroyWindow) X(FreeSurface) X(GL_GetProcAddress) X(GetClipboardText)     \
    X(GetCurrentVideoDriver) X(GetDisplayUsableBounds) X(GetError) X(GetMouseFocus)                \
    X(GetMouseState) X(GetRendererInfo) X(GetRendererOutputSize) X(GetWindowDisplayIndex)          \
    X(GetWindowFlags) X(GetWindowID) X(GetWindowSize) X(GetWindowSurface) X(GetWindowWMInfo) \
    X(InitSubSystem) X(LockTexture) X(PollEvent) X(PushEvent) X(QuitSubSystem) X(RegisterEvents)   \
    X(RenderClear) X(RenderCopy) X(RenderCopyF) X(RenderFlush) X(RenderPresent)                    \
    X(RenderSetClipRect) X(RenderSetVSync) X(SetHint) X(SetMainReady) X(SetRelativeMouseMode)      \
    X(SetRenderDrawColor) X(SetTextureBlendMode) X(SetTextureScaleMode) X(SetWindowFullscreen)     \
    X(SetWindowGrab) X(SetWindowIcon) X(SetWindowKeyboardGrab) X(SetWindowMinimumSize)             \
    X(SetWindowSize) X(SetWindowTitle) X(ShowCursor) X(StopTextInput) X(UnlockTexture)             \
    X(UpdateTexture) X(UpdateWindowSurfaceRects) X(WaitEvent) X(WaitEventTimeout) X(free)
/* clang-format on */

struct sdl_api {
#define SDL_MEMBER(name) __typeof__(SDL_##name) *name;
    SDL_API(SDL_MEMBER)
#undef SDL_MEMBER
};

/* Loads the library and fills in all members. The library is never unloaded: those that it depends
 * on do not support that. Main thread. Returns false with a reason in err: "the library ...". */
bool sdl_api_load(struct sdl_api *api, struct error *err);

#endif
