#include "core/plugin/library.h"

#include <boost/dll/shared_library.hpp>

#include "core/plugin/host.h"
#include "core/plugin/plugin_call.h"

namespace kt::core {

struct Library::Handle {
  boost::dll::shared_library library;
};

Library::Library() : handle_(std::make_unique<Handle>()) {}

Library::~Library() {
  const PluginCall call({"stopping", path_.c_str(), nullptr, nullptr, nullptr});
  if (table_ && table_->shutdown) table_->shutdown();
  handle_.reset();  // runs its destructors
}

Result<std::shared_ptr<Library>> Library::open(const std::string& absolute_path) {
  std::shared_ptr<Library> out(new Library());
  out->path_ = absolute_path;
  try {
    using boost::dll::load_mode::type;
    out->handle_->library.load(absolute_path, type::rtld_now | type::rtld_local);
  } catch (const std::exception& failure) {
    return fail(602, "cannot open " + absolute_path + ": " + failure.what(),
                "a library it needs may be missing: try 'ldd " + absolute_path + "'");
  }
  KT_TRY(out->call_entry());
  const Status checked = out->check_table();
  if (!checked.ok()) {
    out->table_ = nullptr;
    return checked;
  }
  return out;
}

Status Library::call_entry() {
  if (!handle_->library.has("kt_plugin_entry"))
    return fail(603, path_ + " has no function kt_plugin_entry", "a plugin exports exactly this one; see docs/plugins.md");
  try {
    auto& entry = handle_->library.get<KtStatus(const KtHost*, const KtPlugin**)>("kt_plugin_entry");
    return plugin_status(entry(&host_table(), &table_), "starting " + path_);
  } catch (const std::exception& failure) {
    return fail(603, "starting " + path_ + ": " + failure.what());
  } catch (...) {
    return fail(603, "starting " + path_ + ": it threw an exception of an unknown type");
  }
}

Status Library::check_table() const {
  if (!table_ || table_->magic != KT_ABI_MAGIC) return fail(604, path_ + ": its plugin table has the wrong magic number");
  if (table_->abi_major != KT_ABI_MAJOR || table_->abi_minor > KT_ABI_MINOR) {
    const std::string found = std::to_string(table_->abi_major) + "." + std::to_string(table_->abi_minor);
    const std::string wanted = std::to_string(KT_ABI_MAJOR) + "." + std::to_string(KT_ABI_MINOR);
    return fail(604, path_ + " needs host ABI " + found + ", this kt has " + wanted,
                "ask the vendor for a build against " + wanted + ", or upgrade kt");
  }
  if (table_->struct_size < offsetof(KtPlugin, shutdown)) return fail(604, path_ + ": its plugin table is too small");
  if (!table_->name || !table_->version) return fail(604, path_ + ": its plugin table has no name or version");
  return {};
}

}  // namespace kt::core
