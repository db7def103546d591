/* SPDX-License-Identifier: MIT */
/*
 * What a command of the GPU's queues is. A const row holds all that is particular to one type of
 * command: the size of its request, its handler, where its request names a resource, a scanout and
 * a rectangle, what it does to them, and its text in logs. The dispatcher (gpu.c), the statistics
 * and the observers (traces, --gpu-check, the replay) read rows and never compare types, so a new
 * command is a new row. Rows stand in tables, one for each group of commands.
 */
#ifndef VIRTIO_GPU_COMMAND_H
#define VIRTIO_GPU_COMMAND_H

#include "display/display.h"
#include "virtio/gpu/proto.h"
#include "virtio/queue.h"

struct gpu;
struct gpu_command;

/* What a handler may return beside enum gpu_resp. */
enum {
    GPU_DEFERRED = 0, /* gpu_command_finish will be called for the command */
    GPU_AGAIN = 1,    /* a thread waits for the worker to pause: run the command again later */
};

/* What a command that succeeds does to the resource that it names. */
enum gpu_effect {
    GPU_EFFECT_NONE, /* nothing that statistics and observers follow */
    GPU_EFFECT_CREATE,
    GPU_EFFECT_UNREF,
    GPU_EFFECT_ATTACH, /* of a backing */
    GPU_EFFECT_DETACH,
    GPU_EFFECT_TRANSFER, /* of `rect`, from the backing at `offset` on */
    GPU_EFFECT_FLUSH,    /* of `rect` */
    GPU_EFFECT_SCANOUT,  /* a scanout shows `rect` of it; resource 0: nothing */
    GPU_EFFECT_CURSOR,   /* a scanout's cursor is a copy of it; resource 0: hidden */
    GPU_EFFECT_CURSOR_MOVE,
    /* It changes pixels in a way that no observer can repeat or verify. Traces leave the command
     * out and take no more checksums until the reset; --gpu-check stops watching the resource. */
    GPU_EFFECT_OPAQUE,
};

/* May a hart run the command inline, because it takes microseconds whatever its arguments? */
enum gpu_quick { GPU_SLOW, GPU_QUICK, GPU_QUICK_IF_RESOURCE /* if the resource's kind is */ };

struct gpu_row {
    uint32_t type;
    uint16_t size; /* bytes of the fixed part of the request, header included */
    uint8_t queue;
    uint8_t effect;   /* enum gpu_effect */
    uint8_t quick;    /* enum gpu_quick */
    uint64_t feature; /* the command exists only with this bit negotiated; 0: always */
    const char *name;
    uint32_t (*handler)(struct gpu_command *cmd);
    /* Where the request has these: bytes from its start; 0: it has none. */
    uint16_t resource; /* le32 */
    uint16_t scanout;  /* le32 */
    uint16_t rect;     /* struct gpu_rect */
    uint16_t offset;   /* le64 */
    /* Prints the arguments, with a space before them; NULL: it has none. */
    void (*describe)(const union gpu_request *req, char *buf, size_t size);
};

struct gpu_table {
    const struct gpu_row *row;
    size_t count;
};

extern const struct gpu_table gpu_table_2d; /* cmd2d.c */

struct gpu_command {
    struct gpu *gpu;
    struct vq_chain *chain;    /* owned; its cursor stands behind the fixed part */
    const struct gpu_row *row; /* NULL: an unknown command */
    /*
     * The guest's request. The guest may change its memory at any time, so each byte of it is read
     * once, into here: handlers, the log, statistics and observers all use this copy.
     */
    union gpu_request req;
    uint32_t req_size;       /* bytes of req that the guest sent */
    uint32_t list_size;      /* bytes of list */
    void *list;              /* the struct gpu_mem_entry behind it, if the handler read them */
    union gpu_response resp; /* the header is the reply function's */
    uint32_t resp_size;      /* bytes of resp, the header included */
    const char *why;         /* static: a refusal's log line adds it; NULL: nothing */
    /* while it waits in gpu->waiting */
    uint32_t code;              /* 0: not finished yet */
    uint64_t deadline;          /* of a held flush: it is answered then at the latest; 0: none */
    struct display_frame frame; /* that a held flush waits for */
    struct gpu_command *next;
};

/* The row of a type on a queue, with its feature negotiated; NULL: there is none. */
const struct gpu_row *gpu_row_find(const struct gpu *gpu, uint32_t type, unsigned queue);
/* What a request of this row names; 0 or an empty rectangle if it names none. */
uint32_t gpu_row_resource(const struct gpu_row *row, const union gpu_request *req);
uint32_t gpu_row_scanout(const struct gpu_row *row, const union gpu_request *req);
struct rect gpu_row_rect(const struct gpu_row *row, const union gpu_request *req);
uint64_t gpu_row_offset(const struct gpu_row *row, const union gpu_request *req);

/* The effect of a command that was sent whole; GPU_EFFECT_NONE of others, which are refused. */
enum gpu_effect gpu_command_effect(const struct gpu_command *cmd);
/* The same as of the row; cmd->row is not NULL. */
uint32_t gpu_command_resource(const struct gpu_command *cmd);
uint32_t gpu_command_scanout(const struct gpu_command *cmd);
struct rect gpu_command_rect(const struct gpu_command *cmd);
uint64_t gpu_command_offset(const struct gpu_command *cmd);
bool gpu_command_is_quick(const struct gpu_command *cmd); /* the request is read and known */

/* Prints the command for a person: "SET_SCANOUT resource 3 640x480+0+0 on scanout 0". describe.c */
void gpu_command_describe(const struct gpu_command *cmd, char *buf, size_t size);
const char *gpu_resp_name(uint32_t code);

static inline struct rect gpu_rect_get(const struct gpu_rect *r)
{
    return (struct rect){le32_get(r->x), le32_get(r->y), le32_get(r->w), le32_get(r->h)};
}

static inline struct gpu_rect gpu_rect_make(const struct rect *r)
{
    return (struct gpu_rect){le32_make(r->x), le32_make(r->y), le32_make(r->w), le32_make(r->h)};
}

/* Handlers: cmd2d.c, resource_blob.c and scanout.c. */
uint32_t gpu_create_2d(struct gpu_command *cmd);
uint32_t gpu_unref(struct gpu_command *cmd);
uint32_t gpu_attach_backing(struct gpu_command *cmd);
uint32_t gpu_detach_backing(struct gpu_command *cmd);
uint32_t gpu_transfer_to_host_2d(struct gpu_command *cmd);
uint32_t gpu_assign_uuid(struct gpu_command *cmd);
uint32_t gpu_create_blob(struct gpu_command *cmd);
uint32_t gpu_set_scanout_blob(struct gpu_command *cmd);
uint32_t gpu_get_display_info(struct gpu_command *cmd);
uint32_t gpu_get_edid(struct gpu_command *cmd);
uint32_t gpu_set_scanout(struct gpu_command *cmd);
uint32_t gpu_resource_flush(struct gpu_command *cmd);
uint32_t gpu_update_cursor(struct gpu_command *cmd);
uint32_t gpu_move_cursor(struct gpu_command *cmd);

/* Columns of rows: describe.c. */
void gpu_describe_edid(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_create_2d(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_resource(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_attach(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_scanout(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_flush(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_transfer(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_create_blob(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_scanout_blob(const union gpu_request *req, char *buf, size_t size);
void gpu_describe_cursor(const union gpu_request *req, char *buf, size_t size);

#endif
