/* Variables that hold the kernel's configuration. */
#include "objects.h"
#define CONFIG __attribute__((section(".kconfig")))
enum libbpf_tristate { NO, YES, MODULE };

extern int LINUX_KERNEL_VERSION CONFIG;
extern _Bool CONFIG_BPF CONFIG;
extern u64 CONFIG_HZ CONFIG weak;
extern enum libbpf_tristate CONFIG_EXT4 CONFIG weak;
extern char CONFIG_NAME[4] CONFIG weak;
extern u16 CONFIG_NONE CONFIG weak;

SEC("raw_tp/x") u64 config(void *ctx)
{
	return LINUX_KERNEL_VERSION + CONFIG_BPF + CONFIG_HZ + CONFIG_EXT4 + CONFIG_NAME[1] + CONFIG_NONE;
}
