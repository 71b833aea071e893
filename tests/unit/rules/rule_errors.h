// Wrong rule files with the message, place and hint each must give.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace kt::core::test {

struct ErrorCase {
  std::string name;
  std::string place;  // "LINE:COLUMN"
  std::string message;
  std::string hint;
  std::string file;
};

inline void PrintTo(const ErrorCase& c, std::ostream* out) { *out << c.name; }

inline std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

inline const std::string kReplace = "  replace: {class: cpu.linear}\n";
inline const std::string kMatch = "- match: {class: Linear}\n";

// A rule whose kwargs stand in line 4.
inline std::string keywords(const std::string& text) {
  return kMatch + "  replace:\n    class: cpu.linear\n    kwargs: " + text + "\n";
}
// A rule with a regular expression at 1:18.
inline std::string expression(const std::string& text) { return "- match: {name: '" + text + "'}\n" + kReplace; }
inline std::string with_operator(const std::string& text) { return kMatch + "  replace: {class: " + text + "}\n"; }

inline std::vector<ErrorCase> error_cases() {
  const std::string types = "types: F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K, ...";
  const std::string use_default = "use 'replace: {class: default}' to keep the node and only set devices";
  return {
      {"empty_file", "1:1", "rule file is empty", "write '[]' if you want no rules", ""},
      {"root_map", "1:1", "top level must be a list of rules, found a map", "put '- ' before 'match:'",
       "match: {class: Linear}\nreplace: {class: cpu.linear}\n"},
      {"root_scalar", "1:1", "top level must be a list of rules, found a string", "", "hello\n"},
      {"two_docs", "7:1", "only one YAML document is allowed", "merge the lists or pass two --rules files",
       "- match:\n    class: Linear\n  replace:\n    class: cpu.linear\n\n\n---\n- match: {class: Linear}\n"},
      {"tab_indent", "2:1", "tab character in indentation", "YAML allows only spaces",
       kMatch + "\treplace: {class: cpu.linear}\n"},
      {"bad_indent", "2:3", "'replace' is not at the column of 'match' (5)", "align the two keys",
       "-   match: {class: Linear}\n  replace: {class: cpu.linear}\n"},
      {"unclosed_quote", "1:17", "string starting here has no closing '\"'", "",
       "- match: {name: \"abc}\n  replace: {class: cpu.linear}\n"},
      {"unclosed_brace", "1:10", "'{' starting here is not closed", "", "- match: {name: abc\n  replace: {class: cpu.linear}\n"},
      {"colon_missing", "2:3", "expected ':' after 'replace'", "", kMatch + "  replace {class: cpu.linear}\n"},
      {"bad_escape", "1:19", "unknown escape '\\.' in a double-quoted string", "write '\\\\.' or use single quotes: 'a\\.b'",
       "- match: {name: \"a\\.b\"}\n" + kReplace},
      {"bad_utf8", "1:19", "invalid UTF-8 byte 0xFF", "", "- match: {name: 'a\xFF'}\n" + kReplace},
      {"nul_byte", "1:19", "NUL byte in file", "", std::string("- match: {name: 'a") + '\0' + "'}\n" + kReplace},
      {"bom_utf16", "1:1", "file is UTF-16; save it as UTF-8", "", std::string("\xFF\xFE-\0 \0", 6)},
      {"dup_key", "3:3", "duplicate key 'replace' (first at line 2)", "", kMatch + kReplace + kReplace},
      {"dup_name", "1:20", "duplicate key 'name' (first at line 1)", "", "- match: {name: a, name: b}\n" + kReplace},
      {"alias_unknown", "2:12", "alias '*nope' is not defined", "", kMatch + "  replace: *nope\n"},
      {"alias_bomb", "2:76", "more than 10000 nodes after alias expansion",
       "limit protects the loader; rules seldom need aliases",
       "- &a [" + repeat("x, ", 509) + "x]\n- [" + repeat("*a, ", 19) + "*a]\n"},
      {"alias_cycle", "3:12", "alias '*a' refers to a node that contains it", "",
       "- &a\n  match: {class: Linear}\n  replace: *a\n"},
      {"custom_tag", "2:12", "tag '!!python/object/apply:os.system' is not allowed", "remove the tag",
       kMatch + "  replace: !!python/object/apply:os.system ['ls']\n"},
      {"merge_key", "2:13", "merge key '<<' is not supported", "",
       "- match: &m {class: Linear}\n  replace: {<<: *m, class: cpu.linear}\n"},
      {"deep_seq", "1:1", "nesting deeper than 64", "", repeat("[", 20000)},
      {"deep_map", "1:1", "nesting deeper than 64", "", repeat("{a: ", 20000)},
      {"deep_block", "1:1", "nesting deeper than 64", "", repeat("- ", 20000) + "a\n"},
      {"deep_tags", "1:1", "nesting deeper than 64", "", repeat("!a ", 9000) + "a\n"},
      {"flow_colon", "1:1", "unexpected ':'", "", ": a\n"},
      {"bang", "1:1", "top level must be a list of rules, found a string", "", "!\n"},
      {"scanner_underflow", "7:1", "invalid YAML", "", "\n\n\n\n\n\n@a\n"},
      {"falco_loop", "4:1", "plain text continues at a lower indent", "quote the value",
       "- match:\n    name: a\n  replace: b\nc\n"},
      {"rule_not_map", "1:3", "rule must be a map with 'match' and 'replace', found a string", "", "- hello\n"},
      {"rule_null", "1:1", "rule 1 is empty", "", "-\n"},
      {"no_match", "1:3", "rule 1 has no 'match'", "", "- replace: {class: cpu.linear}\n"},
      {"no_replace", "1:3", "rule 1 has no 'replace'", use_default, kMatch},
      {"match_empty", "1:10", "'match' needs 'name', 'class' or both", "", "- match: {}\n" + kReplace},
      {"match_list", "1:10", "'match' must be a map, found a list", "", "- match: [Linear]\n" + kReplace},
      {"match_null", "1:10", "'match' must be a map, found null", "", "- match: ~\n" + kReplace},
      {"name_map", "1:17", "'match.name' must be a string, found a map", "", "- match: {name: {a: b}}\n" + kReplace},
      {"name_empty", "1:17", "'match.name' is empty and would match every node", "write '.*' if you mean that",
       "- match: {name: ''}\n" + kReplace},
      {"regex_bad", "1:18", "invalid regex: missing ']' at offset 11", "", expression("model.layer[0-9")},
      {"regex_paren", "1:18", "invalid regex: unmatched ')' at offset 1", "", expression("a)")},
      {"regex_repeat", "1:18", "invalid regex: nothing to repeat at offset 0", "'*' is not a glob here; write '.*attn'",
       expression("*attn")},
      {"regex_long", "1:18", "regex is 50000 characters, limit 4096", "", expression(repeat("a", 50000))},
      {"regex_deep", "1:18", "regex is 6001 characters, limit 4096", "", expression(repeat("(", 3000) + "a" + repeat(")", 3000))},
      {"regex_repeat_huge", "1:18", "invalid regex: repeat count 1000000 exceeds 1000", "", expression("a{1000000}")},
      {"regex_backref", "1:18", "regex feature '\\1' (backreference) is not supported", "", expression("(a)\\1")},
      {"class_unknown", "1:18", "no node class 'Liner' in this model", "did you mean 'Linear'?",
       "- match: {class: Liner}\n" + kReplace},
      {"op_unknown", "2:20", "unknown operator 'cpu.liner'",
       "did you mean 'cpu.linear'? known: cpu.linear, cpu.moe, cpu.rmsnorm, cpu.attention", with_operator("cpu.liner")},
      {"op_traversal", "2:20", "operator name may contain only [A-Za-z0-9_.], found '/'", "", with_operator("../../evil")},
      {"op_number", "2:20", "'replace.class' must be a string, found 5", "", with_operator("5")},
      {"op_missing", "2:12", "'replace' has no 'class'", "", kMatch + "  replace: {kwargs: {threads: 2}}\n"},
      {"op_wrong_node", "2:20", "operator 'cpu.linear' cannot replace a node of class 'MoeExperts'",
       "operators for MoeExperts: cpu.moe", "- match: {class: MoeExperts}\n" + kReplace},
      {"kwargs_list", "4:13", "'kwargs' must be a map, found a list", "", keywords("[1, 2]")},
      {"kwarg_unknown", "4:14", "operator 'cpu.linear' has no option 'generate_devise'", "did you mean 'generate_device'?",
       keywords("{generate_devise: cpu}")},
      {"kwarg_type", "4:23", "option 'threads' must be an integer, found 'many'", "", keywords("{threads: many}")},
      {"kwarg_range", "4:23", "option 'threads' must be in 1..1024, found -1", "", keywords("{threads: -1}")},
      {"kwarg_overflow", "4:23", "option 'threads' must be in 1..1024, found 1208925819614629174706176", "",
       keywords("{threads: 1208925819614629174706176}")},
      {"kwarg_bool", "4:19", "option 'pin' must be true or false, found 'yes'", "", keywords("{pin: yes}")},
      {"device_bad", "4:31", "unknown device 'gpu0'", "devices: cpu, cuda:N, disk", keywords("{generate_device: gpu0}")},
      {"device_index", "4:31", "device 'cuda:99' is not present (0 CUDA devices found)",
       "use 'cpu' or pass --allow-missing-devices", keywords("{generate_device: 'cuda:99'}")},
      {"quant_bad", "4:27", "unknown weight type 'Q9_Z'", types, keywords("{weight_type: Q9_Z}")},
      {"key_unknown", "2:3", "unknown key 'replce'", "did you mean 'replace'?", kMatch + "  replce: {class: cpu.linear}\n"},
      {"match_key_unknown", "1:11", "unknown key 'nmae' in 'match'", "did you mean 'name'?", "- match: {nmae: a}\n" + kReplace},
      {"recursive_str", "7:14", "'recursive' must be true or false, found 'maybe'", "",
       "- match:\n    class: Linear\n  replace:\n    class: cpu.linear\n    kwargs:\n      threads: 2\n  recursive: maybe\n"},
      {"no_hit", "1:17", "rule 1 matches no node of this model",
       "run 'kt inspect --graph MODEL' for the names; --allow-unused-rules turns this into a warning",
       expression("nothing_has_this_name")},
      {"shadowed", "3:17", "rule 2 can never match: rule 1 (line 1) takes all its nodes", "put the more exact rule first",
       kMatch + kReplace + "- match: {name: lm_head}\n" + kReplace},
      {"too_many", "2001:1", "more than 1000 rules", "", repeat(kMatch + kReplace, 1001)},
      {"long_line", "2:20", "operator name is 60000 characters, limit 256", "", with_operator(repeat("a", 60000))},
      {"html", "1:1", "top level must be a list of rules, found a string", "this looks like an HTML page",
       "<html><body>404</body></html>\n"},
  };
}

}  // namespace kt::core::test
