// Hugging Face folders that are wrong in one place: header of the weights, index of shards, configuration.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "core/base/json.h"
#include "core/io/open_file.h"
#include "tests/unit/io/gguf_bytes.h"
#include "tests/unit/io/load_fixture.h"

namespace kt::core::test {
namespace {

constexpr uint64_t kLimit = 1 << 30;

std::string golden_file(const std::string& name) {
  return *read_file(std::string(KT_TEST_DATA) + "/models/llama/" + name, kLimit);
}

// A copy of the golden model llama whose files may be changed before it is loaded.
class Folder {
 public:
  Folder() {
    for (const char* name : {"config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"})
      files_.emplace_back(name, golden_file(name));
    const std::string weights = golden_file("model.safetensors");
    uint64_t size = 0;
    std::memcpy(&size, weights.data(), sizeof size);
    header = weights.substr(8, size);
    data = weights.substr(8 + size);
  }

  std::string header, data;
  int64_t header_length = -1;  // -1: the true one

  Json header_json() const { return Json::parse(header); }
  // Changes one tensor's entry; the first one if no name is given.
  void change(const std::function<void(Json&)>& edit) {
    Json all = header_json();
    edit(all["model.norm.weight"]);
    header = all.dump();
  }
  std::string& file(const std::string& name) {
    for (auto& [known, text] : files_)
      if (known == name) return text;
    return files_.emplace_back(name, "").second;
  }
  void edit_config(const std::function<void(Json&)>& edit) {
    Json config = Json::parse(file("config.json"));
    edit(config);
    file("config.json") = config.dump();
  }
  std::string weights() const {
    return packed(header_length < 0 ? uint64_t{header.size()} : static_cast<uint64_t>(header_length)) + header + data;
  }
  // Loads the folder; with an index the weights lie in "part.safetensors".
  Status load(const std::string& index = "") const {
    const TemporaryFolder folder;
    for (const auto& [name, text] : files_) folder.write(name, text);
    folder.write(index.empty() ? "model.safetensors" : "part.safetensors", weights());
    if (!index.empty()) folder.write("model.safetensors.index.json", index);
    return load_all(folder.path());
  }

 private:
  std::vector<std::pair<std::string, std::string>> files_;
};

struct Case {
  const char* name;
  std::function<void(Folder&)> spoil;
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

Case header_text(const char* name, const std::string& text) {
  return {name, [=](Folder& f) { f.header = text; }};
}
Case entry(const char* name, const std::function<void(Json&)>& edit) {
  return {name, [=](Folder& f) { f.change(edit); }};
}
Case config(const char* name, const std::function<void(Json&)>& edit) {
  return {name, [=](Folder& f) { f.edit_config(edit); }};
}
Case config_text(const char* name, const std::string& text) {
  return {name, [=](Folder& f) { f.file("config.json") = text; }};
}

std::vector<Case> weight_cases() {
  return {
      {"header length 0", [](auto& f) { f.header_length = 0; }},
      {"header length 1", [](auto& f) { f.header_length = 1; }},
      {"header length one more", [](auto& f) { f.header_length = static_cast<int64_t>(f.header.size()) + 1; }},
      {"header length one less", [](auto& f) { f.header_length = static_cast<int64_t>(f.header.size()) - 1; }},
      {"header length past the end", [](auto& f) { f.header_length = int64_t{1} << 40; }},
      {"header length 2^63-1", [](auto& f) { f.header_length = std::numeric_limits<int64_t>::max(); }},
      {"header of 200 MB claimed", [](auto& f) { f.header_length = 200 << 20; }},
      header_text("header is a list", "[]"),
      header_text("header is a number", "7"),
      header_text("header is no JSON", "{model"),
      header_text("header is empty", "{}"),
      header_text("header has NaN", R"({"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}})"),
      header_text("header has a comment", R"({/* */"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"),
      header_text("header has a byte order mark", "\xef\xbb\xbf{}"),
      header_text("header has a lone surrogate", R"({"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"),
      header_text("header is 20000 deep", std::string(20000, '[')),
      header_text(
          "tensor twice",
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"),
      {"data cut", [](auto& f) { f.data.resize(f.data.size() - 1); }},
      {"data behind the last tensor", [](auto& f) { f.data += "x"; }},
      {"no data", [](auto& f) { f.data.clear(); }},
      entry("no dtype", [](Json& t) { t.erase("dtype"); }),
      entry("no shape", [](Json& t) { t.erase("shape"); }),
      entry("no offsets", [](Json& t) { t.erase("data_offsets"); }),
      entry("dtype unknown", [](Json& t) { t["dtype"] = "F7"; }),
      entry("dtype a number", [](Json& t) { t["dtype"] = 7; }),
      entry("dtype wider than the data", [](Json& t) { t["dtype"] = "F64"; }),
      entry("dtype empty", [](Json& t) { t["dtype"] = ""; }),
      entry("shape a number", [](Json& t) { t["shape"] = 64; }),
      entry("shape with text", [](Json& t) { t["shape"] = {"64"}; }),
      entry("shape negative pair",
            [](Json& t) {
              t["shape"] = {-8, -8};
            }),
      entry("shape with 2^70", [](Json& t) { t["shape"] = {1e21}; }),
      entry("shape that wraps",
            [](Json& t) {
              t["shape"] = {int64_t{1} << 33, int64_t{1} << 33};
            }),
      entry("shape with a fraction", [](Json& t) { t["shape"] = {1.5}; }),
      entry("shape of rank 302", [](Json& t) { t["shape"] = std::vector<int>(302, 1); }),
      entry("shape smaller than the data", [](Json& t) { t["shape"] = {1}; }),
      entry("offsets a number", [](Json& t) { t["data_offsets"] = 0; }),
      entry("offsets of three", [](Json& t) { t["data_offsets"].push_back(9); }),
      entry("offsets reversed", [](Json& t) { std::swap(t["data_offsets"][0], t["data_offsets"][1]); }),
      entry("offsets negative",
            [](Json& t) {
              t["data_offsets"] = {-128, 0};
            }),
      entry("offsets past the end",
            [](Json& t) {
              t["data_offsets"] = {int64_t{1} << 40, (int64_t{1} << 40) + 128};
            }),
      entry("offsets 2^64",
            [](Json& t) {
              t["data_offsets"] = {1.8446744073709552e19, 1.8446744073709552e19};
            }),
      entry("offsets over another tensor",
            [](Json& t) {
              t["data_offsets"] = {0, t["data_offsets"][1].get<int64_t>() - t["data_offsets"][0].get<int64_t>()};
            }),
      entry("entry a list", [](Json& t) { t = Json::array(); }),
      entry("entry null", [](Json& t) { t = nullptr; }),
      {"tensor missing",
       [](auto& f) {
         Json all = f.header_json();
         all["model.norm.scale"] = all["model.norm.weight"];
         all.erase("model.norm.weight");
         f.header = all.dump();
       }},
      {"metadata a list",
       [](auto& f) {
         Json all = f.header_json();
         all["__metadata__"] = Json::array({1});
         f.header = all.dump();
       }},
  };
}

std::vector<Case> config_cases() {
  return {
      config_text("configuration empty", ""),
      config_text("configuration a list", "[]"),
      config_text("configuration no JSON", "{\"hidden_size\": 64"),
      config_text("configuration 20000 deep", std::string(20000, '{')),
      config_text("configuration key twice", R"({"architectures":["LlamaForCausalLM"],"hidden_size":64,"hidden_size":32})"),
      config("no architectures", [](Json& c) { c.erase("architectures"); }),
      config("architectures empty", [](Json& c) { c["architectures"] = Json::array(); }),
      config("architectures a number", [](Json& c) { c["architectures"] = 1; }),
      config("architecture unknown", [](Json& c) { c["architectures"] = {"NoSuchForCausalLM"}; }),
      config("hidden size missing", [](Json& c) { c.erase("hidden_size"); }),
      config("hidden size text", [](Json& c) { c["hidden_size"] = "64"; }),
      config("hidden size 0", [](Json& c) { c["hidden_size"] = 0; }),
      config("hidden size -64", [](Json& c) { c["hidden_size"] = -64; }),
      config("hidden size 2^70", [](Json& c) { c["hidden_size"] = 1e21; }),
      config("hidden size fraction", [](Json& c) { c["hidden_size"] = 64.5; }),
      config("hidden size of another model", [](Json& c) { c["hidden_size"] = 128; }),
      config("layers missing", [](Json& c) { c.erase("num_hidden_layers"); }),
      config("layers 0", [](Json& c) { c["num_hidden_layers"] = 0; }),
      config("layers 10^9", [](Json& c) { c["num_hidden_layers"] = 1000000000; }),
      config("layers of another model", [](Json& c) { c["num_hidden_layers"] = 40; }),
      config("heads 0", [](Json& c) { c["num_attention_heads"] = 0; }),
      config("heads that do not divide",
             [](Json& c) {
               c["num_attention_heads"] = 7;
               c.erase("head_dim");
             }),
      config("key heads that do not divide", [](Json& c) { c["num_key_value_heads"] = 3; }),
      config("inner size missing", [](Json& c) { c.erase("intermediate_size"); }),
      config("inner size of another model", [](Json& c) { c["intermediate_size"] = 100; }),
      config("vocabulary of another model", [](Json& c) { c["vocab_size"] = 99; }),
      config("vocabulary 0", [](Json& c) { c["vocab_size"] = 0; }),
      config("eps text", [](Json& c) { c["rms_norm_eps"] = "small"; }),
      config("eps negative", [](Json& c) { c["rms_norm_eps"] = -1.0; }),
      config("rope base 0", [](Json& c) { c["rope_theta"] = 0; }),
      config("rope scaling unknown",
             [](Json& c) {
               c["rope_scaling"] = {{"rope_type", "spiral"}, {"factor", 2.0}};
             }),
      config("rope scaling factor 0",
             [](Json& c) {
               c["rope_scaling"] = {{"rope_type", "linear"}, {"factor", 0.0}};
             }),
      config("activation unknown", [](Json& c) { c["hidden_act"] = "sine"; }),
  };
}

class MalformedFolder : public testing::TestWithParam<Case> {};

TEST_P(MalformedFolder, IsRefusedWithASentence) {
  Folder folder;
  GetParam().spoil(folder);
  expect_refused(folder.load(), GetParam().name);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  std::string out;
  for (const char c : std::string(info.param.name)) out += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return out + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Weights, MalformedFolder, testing::ValuesIn(weight_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Configuration, MalformedFolder, testing::ValuesIn(config_cases()), case_name);

std::string index_of(const Folder& folder, const std::string& file) {
  Json map = Json::object();
  const Json header = folder.header_json();
  for (const auto& [name, unused] : header.items())
    if (name != "__metadata__") map[name] = file;
  return Json({{"metadata", {{"total_size", 1}}}, {"weight_map", map}}).dump();
}

TEST(HfFolder, TheUnspoiledFolderLoads) {
  const Folder folder;
  EXPECT_TRUE(folder.load().ok()) << folder.load().error().text();
  EXPECT_TRUE(folder.load(index_of(folder, "part.safetensors")).ok())
      << folder.load(index_of(folder, "part.safetensors")).error().text();
}

TEST(HfFolder, NamesInAnIndexStayInTheFolder) {
  const Folder folder;
  for (const char* name : {"../part.safetensors", "/etc/passwd", "/dev/zero", "/proc/self/mem", "a/../part.safetensors",
                           "..\\part.safetensors", "", ".", "missing.safetensors", "config.json"})
    expect_refused(folder.load(index_of(folder, name)), name);
  expect_refused(folder.load(index_of(folder, std::string("part\0.safetensors", 17))), "NUL");
}

TEST(HfFolder, WrongIndexesAreRefused) {
  const Folder folder;
  for (const char* text : {"[]", "{", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})", R"({"weight_map":{"a":1}})",
                           R"({"weight_map":{"a":null}})", R"({"weight_map":{"a":"part.safetensors"}})",
                           R"({"weight_map":{"a":"part.safetensors","a":"part.safetensors"}})"})
    expect_refused(folder.load(text), text);
}

TEST(HfFolder, ALinkOutOfTheFolderIsRefused) {
  const Folder content;
  const TemporaryFolder folder, outside;
  outside.write("secret.safetensors", content.weights());
  for (const char* name : {"config.json", "tokenizer.json"}) folder.write(name, golden_file(name));
  std::filesystem::create_symlink(outside.path() + "/secret.safetensors", folder.path() + "/model.safetensors");
  expect_refused(load_all(folder.path()), "a link");
}

TEST(HfFolder, WhatIsNoFileIsRefused) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder.path() + "/pipe").c_str(), 0600), 0);
  expect_refused(load_all(folder.path() + "/pipe"), "a pipe");
  expect_refused(load_all(folder.path() + "/missing.gguf"), "a missing file");
  expect_refused(load_all(folder.path()), "an empty folder");
  expect_refused(load_all("/dev/zero"), "a device");
  expect_refused(load_all(""), "an empty path");
}

}  // namespace
}  // namespace kt::core::test
