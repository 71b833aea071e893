#include "core/rules/fold_names.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/graph/fold.h"

namespace kt::core {
namespace {

// A name taken apart at its first number: "model.layers.", 3, ".mlp".
struct Parts {
  std::string before, after;
  int number = -1;  // none
};

Parts take_apart(const std::string& name) {
  for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const size_t end = std::min(name.find('.', dot + 1), name.size());
    int number = 0;
    const auto [stop, error] = std::from_chars(name.data() + dot + 1, name.data() + end, number);
    if (error == std::errc() && stop == name.data() + end && number >= 0)
      return {name.substr(0, dot + 1), name.substr(end), number};
  }
  return {name, {}, -1};
}

// "3", "{3..6}", "{0..2,5}"
std::string numbers_text(std::vector<int> numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers.size() > 1 ? "{" + range_text(numbers) + "}" : range_text(numbers);
}

}  // namespace

std::vector<FoldedName> fold_names(const std::vector<std::string>& names) {
  struct Group {
    Parts parts;
    std::vector<int> numbers;
    int count = 0;
  };
  std::vector<Group> groups;
  std::map<std::pair<std::string, std::string>, size_t> index;
  for (const std::string& name : names) {
    const Parts parts = take_apart(name);
    const std::string mark = parts.number < 0 ? "" : "#";
    const auto [it, made] = index.try_emplace({parts.before + mark, parts.after}, groups.size());
    if (made) groups.push_back({parts, {}, 0});
    if (parts.number >= 0) groups[it->second].numbers.push_back(parts.number);
    ++groups[it->second].count;
  }
  std::vector<FoldedName> out;
  for (const Group& group : groups)
    out.push_back({group.parts.before + numbers_text(group.numbers) + group.parts.after, group.count});
  return out;
}

}  // namespace kt::core
