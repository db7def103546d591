/* SPDX-License-Identifier: MIT */
#include "ui/sdl_x11.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#ifdef SDL_VIDEO_DRIVER_X11

/* Functions of the Xlib that SDL has loaded; riscreen does not link to it. */
struct xlib {
    int (*connection_number)(Display *display);
    int (*(*set_io_error_handler)(int (*handler)(Display *)))(Display *);
    void (*set_exit_handler)(Display *display, void (*handler)(Display *, void *), void *ctx);
};

static bool load_function(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof(symbol));
    return symbol;
}

/* Replaces Xlib's handler, which prints a message. */
static int ignore_io_error(Display *display)
{
    (void)display;
    return 0;
}

/* Xlib calls this when the connection is closed, and exits the process if it returns. */
static void leave_guard(Display *display, void *ctx)
{
    struct sdl_x11 *x = ctx;
    (void)display;
    x->lost = true;
    if (x->guarded)
        longjmp(x->guard_exit, 1); /* see the invariant in sdl_x11.h */
}

static Display *display_of(const struct sdl_api *sdl, SDL_Window *window)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    bool known = sdl->GetWindowWMInfo(window, &info) && info.subsystem == SDL_SYSWM_X11;
    return known ? info.info.x11.display : NULL;
}

static bool take_over(struct sdl_x11 *x, const struct sdl_api *sdl, SDL_Window *window)
{
    struct xlib xlib;
    Display *display = display_of(sdl, window);
    void *library = display ? dlopen("libX11.so.6", RTLD_NOW | RTLD_NOLOAD) : NULL;
    if (!library || !load_function(library, "XConnectionNumber", &xlib.connection_number) ||
        !load_function(library, "XSetIOErrorHandler", &xlib.set_io_error_handler) ||
        !load_function(library, "XSetIOErrorExitHandler", &xlib.set_exit_handler))
        return false;
    x->fd = xlib.connection_number(display);
    xlib.set_io_error_handler(ignore_io_error);
    xlib.set_exit_handler(display, leave_guard, x);
    return true;
}

#else

static bool take_over(struct sdl_x11 *x, const struct sdl_api *sdl, SDL_Window *window)
{
    (void)x, (void)sdl, (void)window;
    return false;
}

#endif

void sdl_x11_init(struct sdl_x11 *x, const struct sdl_api *sdl, SDL_Window *window)
{
    memset(x, 0, sizeof(*x));
    if (pipe(x->pipe))
        return;
    for (unsigned i = 0; i < 2; i++) {
        fcntl(x->pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(x->pipe[i], F_SETFD, FD_CLOEXEC);
    }
    x->on = take_over(x, sdl, window);
    if (!x->on) {
        close(x->pipe[0]);
        close(x->pipe[1]);
    }
}

void sdl_x11_finish(struct sdl_x11 *x)
{
    if (!x->on)
        return;
    close(x->pipe[0]);
    close(x->pipe[1]);
    x->on = false;
}

bool sdl_x11_guard(struct sdl_x11 *x, void (*fn)(void *ctx), void *ctx)
{
    x->guarded = true;
    if (!x->lost && !setjmp(x->guard_exit))
        fn(ctx);
    x->guarded = false;
    return !x->lost;
}

void sdl_x11_wait(struct sdl_x11 *x, int ms)
{
    struct pollfd fds[] = {{.fd = x->fd, .events = POLLIN}, {.fd = x->pipe[0], .events = POLLIN}};
    char bytes[64];
    if (poll(fds, 2, ms) > 0 && fds[1].revents)
        while (read(x->pipe[0], bytes, sizeof(bytes)) > 0)
            ;
}

void sdl_x11_wake(struct sdl_x11 *x)
{
    char byte = 0;
    while (write(x->pipe[1], &byte, 1) < 0 && errno == EINTR)
        ; /* a full pipe ends the wait, too */
}
