# cmake -DFOLDER=... -DOUTPUT=... -P EmbedPage.cmake: one C++ source with page.html, into which page.css and page.js are put, each
# with its hash for the page's content security policy.

# sha256-<base64> of a text.
function(csp_hash text result)
  string(SHA256 hex "${text}")
  set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  set(encoded "")
  foreach(at RANGE 0 60 6)  # 30 bytes in groups of three; the last group has two
    string(SUBSTRING "${hex}" ${at} 6 group)
    string(LENGTH "${group}" length)
    string(SUBSTRING "${group}0000" 0 6 group)
    math(EXPR bits "0x${group}")
    set(count 4)
    if(length EQUAL 4)
      set(count 3)
    endif()
    foreach(digit RANGE 1 ${count})
      math(EXPR index "(${bits} >> (24 - 6 * ${digit})) & 63")
      string(SUBSTRING "${alphabet}" ${index} 1 letter)
      string(APPEND encoded "${letter}")
    endforeach()
    if(count EQUAL 3)
      string(APPEND encoded "=")
    endif()
  endforeach()
  set(${result} "sha256-${encoded}" PARENT_SCOPE)
endfunction()

file(READ ${FOLDER}/page.html page)
file(READ ${FOLDER}/page.css style)
file(READ ${FOLDER}/page.js script)
csp_hash("${style}" style_hash)
csp_hash("${script}" script_hash)
string(REPLACE "@STYLE_HASH@" "${style_hash}" page "${page}")
string(REPLACE "@SCRIPT_HASH@" "${script_hash}" page "${page}")
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")
file(WRITE ${OUTPUT}.html "${page}")
file(READ ${OUTPUT}.html hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include \"apps/kt/page/page.h\"
namespace kt::app {
static constexpr unsigned char kBytes[] = {${bytes}};
extern const std::string_view kPageTemplate;
const std::string_view kPageTemplate(reinterpret_cast<const char*>(kBytes), sizeof kBytes);
}  // namespace kt::app
")
