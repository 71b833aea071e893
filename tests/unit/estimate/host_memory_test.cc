#include "core/estimate/host_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace kt::core {
namespace {

namespace fs = std::filesystem;

class HostMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(root_), write("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 800 kB\n");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  HostMemory read() const { return host_memory(uint64_t{1} << 60, root_); }

  std::string root_ = testing::TempDir() + "kt_host_memory";
};

TEST_F(HostMemoryTest, IsWhatTheSystemSaysIsAvailable) {
  EXPECT_EQ(read().total, 1000u * 1024);
  EXPECT_EQ(read().available, 800u * 1024);
  EXPECT_EQ(read().limit, "");
}

TEST_F(HostMemoryTest, IsLimitedByTheGroupAboveItsOwn) {
  write("/proc/self/cgroup", "0::/outer/inner\n");
  write("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
  write("/sys/fs/cgroup/outer/inner/memory.current", "1000\n");
  write("/sys/fs/cgroup/outer/memory.max", "500000\n");
  write("/sys/fs/cgroup/outer/memory.current", "200000\n");
  write("/sys/fs/cgroup/outer/memory.stat", "anon 100000\ninactive_file 60000\nactive_file 40000\n");
  EXPECT_EQ(read().available, 400000u);
  EXPECT_EQ(read().limit, "the cgroup's limit");
}

TEST_F(HostMemoryTest, ReadsTheFirstVersionOfControlGroups) {
  write("/proc/self/cgroup", "5:cpu,memory:/job\n0::/\n");
  write("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "300000\n");
  write("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "250000\n");
  write("/sys/fs/cgroup/memory/job/memory.stat", "total_inactive_file 0\ntotal_active_file 50000\n");
  EXPECT_EQ(read().available, 100000u);
}

TEST_F(HostMemoryTest, IgnoresAGroupWithMoreRoomThanTheMachine) {
  write("/proc/self/cgroup", "0::/job\n");
  write("/sys/fs/cgroup/job/memory.max", "9000000000\n");
  write("/sys/fs/cgroup/job/memory.current", "0\n");
  EXPECT_EQ(read().available, 800u * 1024);
}

}  // namespace
}  // namespace kt::core
