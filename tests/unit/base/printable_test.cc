// What errors quote from files: nothing that a terminal would act on, and never much.
#include "core/base/printable.h"

#include <gtest/gtest.h>

#include "core/base/status.h"

namespace kt::core {
namespace {

TEST(Printable, KeepsTextOfAnyLanguageAndNewlines) {
  EXPECT_EQ(printable("w\xc3\xb6rld\n\xe4\xbd\xa0 \xf0\x9f\x98\x80"), "w\xc3\xb6rld\n\xe4\xbd\xa0 \xf0\x9f\x98\x80");
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("\x1b[31m\r\t\x7f"), "\\x1B[31m\\x0D\\x09\\x7F");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "1m"),
            "\\xC2\\x9B1m");
}

TEST(Printable, EscapesMarksThatTurnTheDirection) {
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "a"),
            "\\xE2\\x80\\xAE"
            "a");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xff\xc3"), "\\xFF\\xC3");
  EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80"), "\\xC0\\xAF\\xED\\xA0\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");
}

TEST(Printable, LeavesOutTheMiddleOfLongTexts) {
  const std::string text = printable("begin" + std::string(5000, 'x') + "end", 100);
  EXPECT_LE(text.size(), 110u);
  EXPECT_TRUE(text.starts_with("begin"));
  EXPECT_TRUE(text.ends_with("end"));
}

TEST(Printable, CutsBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\xe4\xbd\xa0";
  for (size_t limit = 90; limit < 100; ++limit) EXPECT_EQ(printable(text, limit).find('\\'), std::string::npos);
}

TEST(Error, IsHarmlessWhateverItQuotes) {
  Error error;
  error.code = 403;
  error.message = "name \x1b]0;x\x07";
  error.place.file = "a\nb\x1b.yaml";
  EXPECT_EQ(error.text().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace kt::core
