// The page of kt inspect --html, put together from page.html, page.css and page.js at build time.
#pragma once

#include <string_view>

namespace kt::app {

// Holds "@DATA@" once, where the model's data goes.
extern const std::string_view kPageTemplate;

}  // namespace kt::app
