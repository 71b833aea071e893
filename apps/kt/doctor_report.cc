#include "apps/kt/doctor_report.h"

#include <algorithm>

#include "apps/kt/wrap.h"

namespace kt::app {
namespace {

constexpr size_t kWidth = 100, kSecondColumn = 52, kGap = 2;

std::string counted(int count, const char* noun) { return std::to_string(count) + " " + noun + (count == 1 ? "" : "s"); }

class Page {
 public:
  explicit Page(const Marks& marks) : marks_(marks) {}

  void add(const Finding& finding) {
    const std::string mark = mark_of(finding.grade);
    std::string line = mark + " " + finding.text;
    if (!finding.fix.empty()) line += "   fix: " + finding.fix;
    if (columns(line) + kGap <= kSecondColumn - kGap)
      add_half(line);
    else
      add_whole(finding, line);
  }

  std::string finish() {
    end_line();
    return out_;
  }

 private:
  std::string mark_of(Grade grade) const {
    return grade == Grade::kOk ? marks_.ok : grade == Grade::kWarning ? marks_.warning : marks_.problem;
  }

  void add_half(const std::string& line) {
    if (half_.empty()) {
      half_ = "  " + line;
      return;
    }
    out_ += half_ + std::string(kSecondColumn - columns(half_), ' ') + line + "\n";
    half_.clear();
  }

  void add_whole(const Finding& finding, const std::string& line) {
    end_line();
    if (columns(line) + kGap <= kWidth) {
      out_ += "  " + line + "\n";
      return;
    }
    const std::string mark = mark_of(finding.grade);
    const size_t indent = kGap + columns(mark) + 1;
    out_ += "  " + mark + " ";
    append_wrapped(out_, finding.text, indent, kWidth);
    if (finding.fix.empty()) return;
    out_ += std::string(indent, ' ') + "fix: ";
    append_wrapped(out_, finding.fix, indent + 5, kWidth);
  }

  void end_line() {
    if (!half_.empty()) out_ += half_ + "\n";
    half_.clear();
  }

  const Marks& marks_;
  std::string out_, half_;
};

}  // namespace

int count(const std::vector<Finding>& findings, Grade grade) {
  return static_cast<int>(std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.grade == grade; }));
}

std::string findings_text(const std::vector<Finding>& findings, const Marks& marks) {
  Page page(marks);
  for (const Finding& finding : findings) page.add(finding);
  return page.finish() + "  " + counted(count(findings, Grade::kProblem), "problem") + ", " +
         counted(count(findings, Grade::kWarning), "warning") +
         "; for an issue: kt doctor --json > kt-report.json (no user or host name)\n";
}

core::Json findings_json(const std::vector<Finding>& findings) {
  static constexpr const char* kGrades[] = {"ok", "warning", "problem"};
  core::Json out = core::Json::array();
  for (const Finding& finding : findings) {
    out.push_back({{"grade", kGrades[static_cast<int>(finding.grade)]}, {"topic", finding.topic}, {"text", finding.text}});
    if (!finding.fix.empty()) out.back()["fix"] = finding.fix;
  }
  return out;
}

}  // namespace kt::app
