// Safe HTML: strings that the filters `escape` and `safe` give.
#pragma once

#include "core/jinja/text.h"

namespace kt::core::jinja {

// The text with & < > ' " replaced, as markup; text that is markup already stays as it is.
Text escaped(const Text& text);

}  // namespace kt::core::jinja
