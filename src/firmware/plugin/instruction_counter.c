/* Counts the guest's instructions exactly. Each time the guest executes the marker of
   device/checkpoint.cc, the plugin writes one line to the file out=FILE: the instructions executed
   so far. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "qemu_plugin.h"

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t executed;
static FILE* out;

/* mov ip, ip. At the end of a page QEMU 7.2 appends the halfword behind an instruction to its data;
   no longer instruction begins with these two bytes. */
static int is_marker(const struct qemu_plugin_insn* instruction) {
  static const uint8_t kMarker[] = {0xE4, 0x46};
  return qemu_plugin_insn_size(instruction) >= sizeof(kMarker) &&
         memcmp(qemu_plugin_insn_data(instruction), kMarker, sizeof(kMarker)) == 0;
}

static void on_checkpoint(unsigned int cpu, void* data) {
  (void)cpu;
  (void)data;
  fprintf(out, "%" PRIu64 "\n", executed);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  const size_t count = qemu_plugin_tb_n_insns(block);
  qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64, &executed, count);
  for (size_t i = 0; i < count; ++i) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    if (is_marker(instruction)) {
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_checkpoint, QEMU_PLUGIN_CB_NO_REGS,
                                             NULL);
    }
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const qemu_info_t* info, int count,
                                                               char** arguments) {
  (void)info;
  if (count != 1 || strncmp(arguments[0], "out=", 4) != 0) {
    fputs("instruction counter: needs out=FILE\n", stderr);
    return 1;
  }
  out = fopen(arguments[0] + 4, "w");
  if (out == NULL) {
    perror(arguments[0] + 4);
    return 1;
  }
  setvbuf(out, NULL, _IOLBF, 0); /* the guest ends QEMU without a word to plugins */
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}
