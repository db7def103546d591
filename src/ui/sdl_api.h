/* SPDX-License-Identifier: MIT */
/*
 * SDL is loaded when a window is asked for, not when riscreen starts: headless, no display library
 * is touched (SDL alone brings sixty), and a host without SDL runs the same program. The functions
 * are members named as SDL names them: sdl->CreateWindow(...).
 */
#ifndef UI_SDL_API_H
#define UI_SDL_API_H

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

/* Main thread. It stays loaded: the libraries SDL brings do not like to go. False, with one line.
 */
bool sdl_api_load(struct sdl_api *api, char *err, size_t err_size);

#endif
