// Gives libkt_core a source of its own; its content comes from the folders.
namespace kt::core {
extern const char kVersion[];
const char kVersion[] = KT_VERSION;
}  // namespace kt::core
