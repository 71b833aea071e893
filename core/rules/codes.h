// Numbers of the errors of rule files; all lie in 0201..0299 and end the program with exit code 3.
#pragma once

namespace kt::core::rules {

constexpr int kSyntax = 201;       // not YAML, or not the shape of a rule file
constexpr int kUnknownName = 202;  // unknown key, operator, option or class of node
constexpr int kMatchesNothing = 203;
constexpr int kShadowed = 204;      // earlier rules take every node
constexpr int kBadValue = 205;      // wrong type, range or regular expression
constexpr int kUnsupported = 206;   // no operator supports a node
constexpr int kDevice = 207;        // unknown or absent device
constexpr int kInclude = 208;       // extends, vars
constexpr int kArchitecture = 209;  // the file is for another architecture
constexpr int kNumerics = 210;      // the phases compute with different arithmetic

}  // namespace kt::core::rules
