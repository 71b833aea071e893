// Libraries that cannot be used are skipped with a reason in words and a code; nothing of them stays.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/plugin/elf_section.h"
#include "core/plugin/registry.h"

namespace kt::core {
namespace {

namespace fs = std::filesystem;

const std::string kBad = std::string(KT_BUILD_DIR) + "/tests/bad_plugins";
const std::string kGood = std::string(KT_BUILD_DIR) + "/lib/kt/plugins";

// A new empty folder.
fs::path folder(const std::string& name) {
  const fs::path path = fs::path(testing::TempDir()) / ("kt_plugin_test_" + name);
  fs::remove_all(path);
  fs::create_directories(path);
  return path;
}

// The only record of a folder with only this file.
PluginRecord look_at(const fs::path& file) {
  Registry registry;
  registry.load_folders({file.parent_path().string()});
  EXPECT_EQ(registry.plugins().size(), 1u);
  EXPECT_TRUE(registry.all().empty());
  return registry.plugins().empty() ? PluginRecord() : registry.plugins().front();
}

struct BadPlugin {
  const char* kind;
  const char* code;
  const char* reason;  // a part of it
};

void PrintTo(const BadPlugin& bad, std::ostream* out) { *out << bad.kind; }

class Refused : public testing::TestWithParam<BadPlugin> {};

TEST_P(Refused, WithAReason) {
  const fs::path place = folder(GetParam().kind);
  const fs::path file = place / "libkt_bad.so";
  fs::copy_file(kBad + "/libkt_bad_" + GetParam().kind + ".so", file);
  const PluginRecord record = look_at(file);
  EXPECT_FALSE(record.loaded);
  EXPECT_NE(record.reason.find(GetParam().code), std::string::npos) << record.reason;
  EXPECT_NE(record.reason.find(GetParam().reason), std::string::npos) << record.reason;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Refused,
                         testing::Values(BadPlugin{"NO_MANIFEST", "KT-E0601", "has no section .kt_manifest"},
                                         BadPlugin{"MANIFEST_TEXT", "KT-E0601", "manifest"},
                                         BadPlugin{"MANIFEST_ABI", "KT-E0604", "needs host ABI 9.0, this kt has 1."},
                                         BadPlugin{"ISA", "KT-E0701", "needs the processor feature no_such_feature"},
                                         BadPlugin{"NO_ENTRY", "KT-E0603", "has no function kt_plugin_entry"},
                                         BadPlugin{"ENTRY_FAILS", "KT-E0605", "the licence has expired"},
                                         BadPlugin{"UNDEFINED", "KT-E0602", "kt_function_that_nobody_has"},
                                         BadPlugin{"TABLE_MAGIC", "KT-E0604", "magic"},
                                         BadPlugin{"TABLE_MAJOR", "KT-E0604", "needs host ABI 2."},
                                         BadPlugin{"TABLE_SIZE", "KT-E0604", "too small"},
                                         BadPlugin{"UNNAMED_TABLE", "KT-E0604", "no name"},
                                         BadPlugin{"UNNAMED_OPERATOR", "KT-E0607", "lacks a name or a function"}),
                         [](const auto& info) { return info.param.kind; });

void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Refused, FilesThatAreNoLibraries) {
  const std::string good = bytes_of(kGood + "/libkt_ref.so");
  ASSERT_GT(good.size(), 1000u);
  std::string other_machine = good, other_class = good;
  other_machine[18] = '\x28';  // 32-bit ARM
  other_class[4] = '\x01';     // 32-bit
  const std::vector<std::pair<std::string, std::string>> files = {{"empty", ""},
                                                                  {"text", "#!/bin/sh\nexit 1\n"},
                                                                  {"other_machine", other_machine},
                                                                  {"other_class", other_class},
                                                                  {"magic_only", good.substr(0, 4)}};
  for (const auto& [name, bytes] : files) {
    const fs::path file = folder(name) / "libkt_x.so";
    write(file, bytes);
    const PluginRecord record = look_at(file);
    EXPECT_FALSE(record.loaded) << name;
    EXPECT_NE(record.reason.find("not a plugin"), std::string::npos) << record.reason;
  }
}

TEST(Refused, EveryTruncatedLibrary) {
  const std::string good = bytes_of(kGood + "/libkt_ref.so");
  const fs::path file = folder("truncated") / "libkt_x.so";
  for (size_t size = 0; size < good.size(); size += 1 + good.size() / 97) {
    write(file, good.substr(0, size));
    EXPECT_FALSE(read_elf_section(file.string(), ".kt_manifest").ok()) << size;
  }
}

TEST(Refused, HeadersWithAnyByteChanged) {
  const std::string good = bytes_of(kGood + "/libkt_ref.so");
  const fs::path file = folder("flipped") / "libkt_x.so";
  for (size_t at = 0; at < 64; ++at)
    for (const char value : {'\x00', '\x7f', '\xff'}) {
      std::string bad = good;
      bad[at] = value;
      write(file, bad);
      (void)read_elf_section(file.string(), ".kt_manifest");  // any answer but a crash
    }
}

TEST(Refused, FoldersAndFilesThatOthersMayWriteTo) {
  const fs::path place = folder("open_to_all");
  fs::copy_file(kGood + "/libkt_ref.so", place / "libkt_ref.so");
  chmod((place / "libkt_ref.so").c_str(), 0777);
  EXPECT_NE(look_at(place / "libkt_ref.so").reason.find("can be changed by any user"), std::string::npos);
  Registry registry;
  registry.load_folders({"relative/folder"});
  ASSERT_EQ(registry.plugins().size(), 1u);
  EXPECT_NE(registry.plugins()[0].reason.find("is not absolute"), std::string::npos);
}

TEST(Registry, LoadsOneOfTwoCopiesOfAPlugin) {
  const fs::path one = folder("copy_one"), two = folder("copy_two");
  fs::copy_file(kGood + "/libkt_ref.so", one / "libkt_ref.so");
  fs::copy_file(kGood + "/libkt_ref.so", two / "libkt_ref.so");
  Registry registry;
  registry.load_folders({one.string(), two.string()});
  ASSERT_EQ(registry.plugins().size(), 2u);
  EXPECT_TRUE(registry.plugins()[0].loaded);
  EXPECT_FALSE(registry.plugins()[1].loaded);
  EXPECT_NE(registry.plugins()[1].reason.find("not needed"), std::string::npos) << registry.plugins()[1].reason;
}

TEST(Registry, UnloadsAPluginOnlyWhenNothingOfItLives) {
  const fs::path place = folder("unload");
  fs::copy_file(kGood + "/libkt_ref.so", place / "libkt_ref.so");
  Registry registry;
  registry.load_folders({place.string()});
  ASSERT_NE(registry.entry("ref.linear"), nullptr);
  {
    const std::shared_ptr<Library> held = registry.entry("ref.linear")->library;
    const Status refused = registry.unload("ref");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, 608);
    EXPECT_NE(registry.entry("ref.linear"), nullptr);
  }
  const Status unloaded = registry.unload("ref");
  ASSERT_TRUE(unloaded.ok()) << unloaded.error().text();
  EXPECT_EQ(registry.entry("ref.linear"), nullptr);
  std::ifstream maps("/proc/self/maps");
  const std::string text((std::istreambuf_iterator<char>(maps)), {});
  EXPECT_EQ(text.find((place / "libkt_ref.so").string()), std::string::npos);
}

}  // namespace
}  // namespace kt::core
