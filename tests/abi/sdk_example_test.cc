// The example libraries, built out of tree, as the registry sees them.
#include <gtest/gtest.h>

#include "core/plugin/elf_section.h"
#include "core/plugin/manifest.h"
#include "core/plugin/registry.h"

namespace kt::core {
namespace {

class SdkExample : public testing::Test {
 protected:
  SdkExample() { registry.load_folders({KT_EXAMPLE_FOLDER}); }
  Registry registry;
};

TEST_F(SdkExample, EveryLibraryIsLoaded) {
  ASSERT_EQ(registry.plugins().size(), 3u);
  for (const PluginRecord& record : registry.plugins()) EXPECT_TRUE(record.loaded) << record.path << ": " << record.reason;
}

TEST_F(SdkExample, OperatorsWrittenInCppAndInCAreFound) {
  const OperatorInfo* norm = registry.find("example.rms_norm");
  ASSERT_NE(norm, nullptr);
  EXPECT_EQ(norm->implements, "RmsNorm");
  EXPECT_EQ(norm->numerics, "invariant.example");
  const OperatorInfo* silu = registry.find("example_c.silu");
  ASSERT_NE(silu, nullptr);
  EXPECT_EQ(silu->plugin, "example_c");
}

TEST_F(SdkExample, AClassOfTheLibraryIsKnown) {
  const NodeClass* added = registry.classes().find("SquaredRelu");
  ASSERT_NE(added, nullptr);
  EXPECT_TRUE(added->primitive);
  EXPECT_EQ(added->inputs, "x [..., n]");
}

TEST_F(SdkExample, ManifestIsReadWithoutLoading) {
  for (const char* name : {"libkt_example.so", "libkt_example_c.so", "libkt_example_model.so"}) {
    const std::string path = std::string(KT_EXAMPLE_FOLDER) + "/" + name;
    const auto text = read_elf_section(path, ".kt_manifest");
    ASSERT_TRUE(text.ok()) << text.error().text();
    const auto manifest = parse_manifest(*text, path);
    ASSERT_TRUE(manifest.ok()) << manifest.error().text();
    EXPECT_EQ(manifest->abi_major, KT_ABI_MAJOR);
    EXPECT_EQ(manifest->version, "1.0.0");
  }
}

}  // namespace
}  // namespace kt::core
