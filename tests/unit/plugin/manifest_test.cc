#include "core/plugin/manifest.h"

#include <gtest/gtest.h>

namespace kt::core {
namespace {

constexpr const char* kGood =
    "kt_manifest: 1\nname: acme\nversion: \"1.2\"\nabi: \"1.0\"\nisa: [avx2, fma]\npriority: 10\ndevices: [npu]\nnews: 1\n";

TEST(Manifest, IsReadWithKeysThatAreNotKnownYet) {
  const auto manifest = parse_manifest(kGood, "x.so");
  ASSERT_TRUE(manifest.ok()) << manifest.error().text();
  EXPECT_EQ(manifest->name, "acme");
  EXPECT_EQ(manifest->version, "1.2");
  EXPECT_EQ(manifest->abi_major, 1);
  EXPECT_EQ(manifest->abi_minor, 0);
  EXPECT_EQ(manifest->isa, (std::vector<std::string>{"avx2", "fma"}));
  EXPECT_EQ(manifest->devices, std::vector<std::string>{"npu"});
  EXPECT_EQ(manifest->priority, 10);
}

class BadManifest : public testing::TestWithParam<const char*> {};

TEST_P(BadManifest, IsRefusedWithTheFileAndTheReason) {
  const auto manifest = parse_manifest(GetParam(), "x.so");
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().code, 601);
  EXPECT_NE(manifest.error().message.find("x.so: its manifest"), std::string::npos) << manifest.error().text();
}

INSTANTIATE_TEST_SUITE_P(Texts, BadManifest,
                         testing::Values("", "[]", "1", "{", "\xff", "kt_manifest: 2\nname: a\nversion: b\nabi: '1.0'",
                                         "name: a\nversion: b\nabi: '1.0'", "kt_manifest: 1\nversion: b\nabi: '1.0'",
                                         "kt_manifest: 1\nname: a\nabi: '1.0'", "kt_manifest: 1\nname: a\nversion: b",
                                         "kt_manifest: 1\nname: a\nversion: b\nabi: one",
                                         "kt_manifest: 1\nname: a\nversion: b\nabi: '99999999.1'",
                                         "kt_manifest: 1\nname: [a]\nversion: b\nabi: '1.0'",
                                         "kt_manifest: {a: 1}\nname: a\nversion: b\nabi: '1.0'"));

}  // namespace
}  // namespace kt::core
