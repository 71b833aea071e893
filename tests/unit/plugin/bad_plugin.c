/* A plugin that is wrong in one way; BAD_<KIND> says which. */
#include "kt/abi.h"

#if defined(BAD_MANIFEST_ABI)
#define MANIFEST_ABI "9.0"
#else
#define MANIFEST_ABI "1.0"
#endif
#if defined(BAD_ISA)
#define MANIFEST_ISA "no_such_feature"
#else
#define MANIFEST_ISA ""
#endif
#if defined(BAD_MANIFEST_TEXT)
#define MANIFEST "kt_manifest: [1"
#else
#define MANIFEST "kt_manifest: 1\nname: bad\nversion: \"1.0\"\nabi: \"" MANIFEST_ABI "\"\nisa: [" MANIFEST_ISA "]\n"
#endif

#if !defined(BAD_NO_MANIFEST)
__attribute__((used, section(".kt_manifest"))) static const char kManifest[] = MANIFEST;
#endif

#if defined(BAD_UNNAMED_OPERATOR)
static const KtOperatorDef kOperator = {.struct_size = sizeof(KtOperatorDef), .name = "bad.linear"};
static const KtOperatorDef* const kOperators[] = {&kOperator};
#endif

static const KtPlugin kPlugin = {
#if defined(BAD_TABLE_SIZE)
    .struct_size = 24,
#else
    .struct_size = sizeof(KtPlugin),
#endif
#if !defined(BAD_TABLE_MAGIC)
    .magic = KT_ABI_MAGIC,
#endif
#if defined(BAD_TABLE_MAJOR)
    .abi_major = KT_ABI_MAJOR + 1,
#else
    .abi_major = KT_ABI_MAJOR,
#endif
#if !defined(BAD_UNNAMED_TABLE)
    .name = "bad",
#endif
    .version = "1.0",
#if defined(BAD_UNNAMED_OPERATOR)
    .operator_count = 1,
    .operators = kOperators,
#endif
};

#if defined(BAD_UNDEFINED)
extern int kt_function_that_nobody_has(void);
#endif

#if !defined(BAD_NO_ENTRY)
KT_EXPORT KtStatus kt_plugin_entry(const KtHost* host, const KtPlugin** plugin) {
#if defined(BAD_UNDEFINED)
  if (kt_function_that_nobody_has()) return KT_ERROR;
#endif
#if defined(BAD_ENTRY_FAILS)
  host->set_error("the licence has expired");
  return KT_ERROR;
#else
  (void)host;
  *plugin = &kPlugin;
  return KT_OK;
#endif
}
#endif
