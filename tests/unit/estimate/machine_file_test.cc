#include "core/estimate/machine_file.h"

#include <gtest/gtest.h>

namespace kt::core {
namespace {

MachineDescription example() {
  MachineDescription out;
  out.processor = "Example 9000";
  out.processors = 96;
  out.memory_nodes = 2;
  out.machine.isa = {"avx2", "amx_int8"};
  out.machine.plugins = {"cpu"};
  out.machine.devices = {{"cpu", 0, 100, 200}, {"cuda", 1, 10, 20}};
  out.bandwidth = {{"cpu", 4e11}};
  return out;
}

TEST(MachineFile, IsReadBackAsItWasWritten) {
  const MachineDescription machine = example();
  const auto read = parse_machine(machine_json(machine).dump(), "m.json");
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(machine_json(*read), machine_json(machine));
  EXPECT_EQ(read->machine.find("cuda:1")->free_bytes, 10u);
  EXPECT_FALSE(read->bandwidth.contains("cuda:1"));
}

TEST(MachineFile, EveryFieldThatIsMissingOrWrongIsNamed) {
  const Json good = machine_json(example());
  for (const auto& [key, unused] : good.items()) {
    for (const Json& wrong : {Json(), Json(-1), Json(true), Json(Json::object())}) {
      Json bad = good;
      if (wrong.is_null())
        bad.erase(key);
      else
        bad[key] = wrong;
      const auto read = parse_machine(bad.dump(), "m.json");
      ASSERT_FALSE(read.ok()) << key << " " << wrong;
      EXPECT_EQ(read.error().code, 102);
      EXPECT_NE(read.error().message.find("m.json"), std::string::npos);
    }
  }
}

TEST(MachineFile, RefusesDevicesThatAreNoneOrTwiceThere) {
  for (const char* name : {"CPU!", "cpu:-1", "cuda:1", ""}) {
    Json bad = machine_json(example());
    bad["devices"].push_back({{"device", name}, {"total_bytes", 1}, {"free_bytes", 1}, {"bytes_per_second", 0}});
    EXPECT_FALSE(parse_machine(bad.dump(), "m.json").ok()) << name;
  }
  Json huge = machine_json(example());
  huge["devices"][0]["free_bytes"] = 1e300;
  EXPECT_FALSE(parse_machine(huge.dump(), "m.json").ok());
  EXPECT_FALSE(parse_machine("[]", "m.json").ok());
  EXPECT_FALSE(parse_machine("{", "m.json").ok());
}

TEST(ParseSize, TakesUnitsOf1024) {
  EXPECT_EQ(*parse_size("24G", "--ram"), uint64_t{24} << 30);
  EXPECT_EQ(*parse_size("1.5 GiB", "--ram"), uint64_t{3} << 29);
  EXPECT_EQ(*parse_size("512MiB", "--ram"), uint64_t{512} << 20);
  EXPECT_EQ(*parse_size("7", "--ram"), 7u);
  for (const char* bad : {"", "GiB", "-1G", "1 parsec", "nan", "inf", "1e40T"})
    EXPECT_FALSE(parse_size(bad, "--ram").ok()) << bad;
}

}  // namespace
}  // namespace kt::core
