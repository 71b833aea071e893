#include "apps/kt/error_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "apps/kt/wrap.h"
#include "core/base/status.h"

namespace kt::app {
namespace {

constexpr std::array kTable = {
    // 00xx: while running; exit code 1.
    ErrorHelp{
        1, "a file cannot be written, or something unforeseen happened",
        "kt could not write a file it was asked for, or met a failure that no other code describes; the message says which.",
        "The folder does not exist or is not yours, the disk is full, or a library that kt uses reported a failure of its own.",
        "Check the path and the free space that the message names. If the message names neither, run the command again with "
        "--verbose and report it together with the output of kt doctor --json."},
    ErrorHelp{3, "the answer cannot be written", "stdout took no more bytes before the answer was complete.",
              "The file that stdout was redirected to lies on a full disk, or a device refused the write.",
              "Free space or redirect elsewhere. A reader that closes its end early (kt run ... | head) is no error and is not "
              "reported."},
    ErrorHelp{
        10, "no token can be chosen", "The logits hold a value that is not a number, or every token is excluded.",
        "Weights that are damaged, an operator that overflows, or penalties and --logit-bias that leave no token.",
        "Try the reference operators (--rules with the plugin ref). If these give numbers, the operator is at fault: kt plugins "
        "check PLUGIN shows it. If --logit-bias or penalties are in use, lower them."},
    ErrorHelp{11, "a batch does not fit its executable",
              "A program that drives kt's library handed over a batch that breaks its contract.",
              "More rows, sequences or rows of logits than the executable was made for, or a segment that does not continue its "
              "sequence.",
              "From the command line this is a mistake in kt: report it. In your own program compare the batch with the limits "
              "given at load."},
    ErrorHelp{12, "a computed value is no finite number, or a file cannot be completed",
              "The logits of a run held an infinity or a value that is not a number; or a GGUF file being written could not be "
              "completed.",
              "A damaged weight or a faulty operator; for a file, a full disk or a tensor whose shape its type cannot store.",
              "Run the model with the plugin ref to tell weights and operators apart; for a file, look at the free space and at "
              "the shape "
              "that the message names."},
    ErrorHelp{13, "a sequence cannot go back that far",
              "The rows before the asked position were freed, as its attention window had passed them.",
              "Editing or repeating an early part of a conversation with a model whose layers attend to a sliding window.",
              "Start the sequence again from its first token; the prompt is computed anew."},

    // 01xx: use of the command line; exit code 2.
    ErrorHelp{101, "no such verb, flag or topic",
              "The command line has a word that kt does not know, or a flag without its value.",
              "A misspelled flag, a flag of another verb, or a flag of another program.",
              "kt help lists the verbs and kt help VERB its flags; the message names the nearest one."},
    ErrorHelp{
        102, "a value on the command line is wrong",
        "A flag or argument has a value that cannot be used: the message says which and why.",
        "A typing mistake, a path that cannot be read, a token id outside the vocabulary, a name that the model does not have.",
        "Write the value in the form that the hint shows."},
    ErrorHelp{103, "a size is out of the model's range",
              "The context or the KV cache was asked for in a size or type that does not work.",
              "--ctx-size above what the model was trained for, a size that is not positive, or an unknown --cache-type.",
              "Use a value within the range that the message names."},
    ErrorHelp{104, "the prompt is empty or does not fit",
              "There is nothing to compute, or more tokens than the context holds. kt never cuts a prompt.",
              "No prompt given and none piped in, a text too short to score, or a text longer than --ctx-size.",
              "Give a prompt, or raise --ctx-size; kt tokenize counts the tokens of a text."},

    // 02xx: rule files; exit code 3.
    ErrorHelp{
        201, "a rule file is not YAML, or has not the shape of one",
        "The file cannot be read as one YAML document of rules; the message has line and column.",
        "Indentation by tabs, a colon without a space behind it, an unclosed quote, a second document, a tag or merge key, bytes "
        "that are not UTF-8.",
        "Mend the place shown. In patterns use single quotes, in which a backslash stays a backslash. kt rules init writes a "
        "file to "
        "start from."},
    ErrorHelp{
        202, "a name in a rule file is unknown", "A key, operator, option, plugin, weight type or class of node does not exist.",
        "A misspelling; a plugin that is not installed or not usable on this machine; an option of another operator.",
        "Take the name that the hint proposes. kt plugins ls lists operators and says why a plugin is not used; kt rules schema "
        "prints what a rule may say."},
    ErrorHelp{203, "a rule matches nothing", "No node of the model fulfils the rule's match.",
              "A pattern that is anchored or escaped wrongly, the name of another model's layers, a layer number out of range.",
              "The message shows where the pattern stops matching and the nearest names. kt inspect MODEL --graph --all prints "
              "all names. "
              "Mark the rule 'optional: true' if it is for other models."},
    ErrorHelp{204, "a rule can never match", "Earlier rules take every node that this rule would match: the first match wins.",
              "A general pattern stands above a special one.",
              "Move the special rule up, or narrow the earlier one. kt rules explain shows who takes a node."},
    ErrorHelp{
        205, "a value in a rule file is wrong",
        "An option, condition or pattern has the wrong type, lies out of range, or is no valid regular expression.",
        "A number where a word is needed, an unclosed bracket in a pattern, a backreference, which patterns of kt do not have.",
        "The message names what is allowed; kt rules schema prints the type and range of each option."},
    ErrorHelp{206, "no operator supports a node",
              "A rule binds an operator that refuses the node, or no operator on its device can compute it.",
              "A weight type that the operator has no kernel for, a shape it does not take, a processor without the instructions "
              "it needs.",
              "Bind another operator; kt rules explain FILE -m MODEL --node NAME lists what each operator says about the node."},
    ErrorHelp{207, "a device is unknown or absent", "A rule names a device that does not exist here.",
              "A misspelled device, a plugin for it that is not installed, or fewer devices than the rule file was written for.",
              "kt plugins ls shows the devices found. A condition in 'when' lets one rule file serve several machines."},
    ErrorHelp{208, "a rule file includes or sets something that is missing",
              "A name in 'extends', a rule file given by name, or a --var cannot be resolved.",
              "The file lies elsewhere, files extend each other in a circle, or no rule file has a variable of that name.",
              "Give the path of the file, or put it into $XDG_CONFIG_HOME/kt/rules/."},
    ErrorHelp{209, "the rule file is for another architecture", "The file's 'architecture' does not include that of the model.",
              "A file written for another family of models.",
              "Choose the file of the model's family, or start one with kt rules init -m MODEL."},
    ErrorHelp{210, "prefill and decode compute with different arithmetic",
              "A node gets operators in the two phases that do not give equal bits, so a result depends on how the prompt was cut.",
              "A rule with 'phase', or with other options for one phase. It is a warning; with --strict an error.",
              "Give both phases one operator with the same options, or operators that share a numerics id (kt plugins schema)."},

    // 03xx: configuration; exit code 3.
    ErrorHelp{301, "a configuration file cannot be read",
              "A configuration file is not readable, is no YAML, or is no map of keys.",
              "A file named by --config that does not exist, missing permission, or a mistake in its YAML.",
              "Mend the place shown, or remove the file; kt config path --json lists all files that are looked at."},
    ErrorHelp{302, "a key of a configuration is unknown",
              "Keys are the long names of flags without the dashes, or a verb with such keys below it.",
              "A misspelling, or a flag that the verb does not have.",
              "Take the name that the hint proposes; kt config show lists all keys."},
    ErrorHelp{303, "a value of a configuration is wrong",
              "The flag of that name does not take the value, or the file may not set it.",
              "A word where a number is needed, a list for a flag that takes one value, a value out of range; or plugin-dir in "
              "./kt.yaml, "
              "which would let a folder's content run code.",
              "Write a value that the flag would take; kt help VERB shows its range. Set plugin-dir in your own configuration "
              "file instead."},
    ErrorHelp{304, "a configuration file cannot be changed",
              "kt config set could not write your configuration file, and left it as it was.",
              "The folder cannot be written, or the key stands in a form that kt does not edit, such as { } on one line.",
              "Edit the file with an editor at the place shown; kt config path prints its name."},

    // 04xx: model files; exit code 4.
    ErrorHelp{401, "a JSON file of the model is damaged",
              "A file such as config.json, tokenizer.json or a safetensors header is not valid JSON.",
              "A download that was cut off, or an error page saved in place of the file.",
              "Fetch the file again and compare its size with the source."},
    ErrorHelp{
        402, "a model or one of its files is missing", "A file that belongs to the model is not there, or not to its end.",
        "A wrong path or name, a folder without config.json or weights, a file that another program cut while kt was reading it.",
        "Check the path; fetch missing files. If a file changed during the run, load the model again."},
    ErrorHelp{
        403, "a GGUF file is damaged",
        "The header, metadata or table of tensors of a GGUF file contradicts itself or the file's size.",
        "A cut download, a converter's mistake, a file of another kind with the ending .gguf, GGUF version 1.",
        "Fetch the file again; kt inspect FILE prints what can be read. The message names the byte at which reading failed."},
    ErrorHelp{404, "a safetensors file is damaged", "The header of a safetensors file does not describe the file's bytes.",
              "A cut download, or a pointer file of Git LFS in place of the weights.",
              "Fetch the file again with a client that resolves LFS pointers."},
    ErrorHelp{405, "the files of a model do not belong together",
              "Parts, index and folder contradict each other, or a name leads out of the folder.",
              "A missing part, parts of two models in one folder, a stale index file, a link to elsewhere.",
              "Fetch the model into a folder of its own and keep the names that its files came with."},
    ErrorHelp{406, "the configuration of a model is missing or contradicts itself",
              "config.json or the GGUF metadata lacks a value, or its values exclude each other.",
              "A file edited by hand, a converter older than the model, a configuration of another model.",
              "The message names the key and what it needs. Take the configuration of the released model."},
    ErrorHelp{407, "a type of weights is unknown", "A tensor is stored in a type that kt cannot read.",
              "A file made by a newer quantizer, or a type that exists in one program only.",
              "Use a file with other types, or convert the model again; kt inspect --tensors lists types."},
    ErrorHelp{
        408, "a weight is missing", "The model's graph needs a tensor that the files do not hold under any of its known names.",
        "An incomplete model, a file with adapters or a vocabulary only, or a model of another family that uses the same name.",
        "Fetch all parts. kt inspect MODEL --tensors lists what the files hold."},
    ErrorHelp{409, "a weight has the wrong shape or type",
              "A tensor in the file does not have the shape that the configuration demands.",
              "config.json and weights of two different models, or a tensor cut by a converter.",
              "Fetch configuration and weights from the same place."},
    ErrorHelp{
        410, "the architecture is unknown", "No installed model library can build this family of models.",
        "A family that kt does not have yet, a library that could not be loaded, or a misspelled 'architectures' in config.json.",
        "kt plugins ls lists model libraries and says why one is not used; docs/guides/models.md shows how a family is added."},
    ErrorHelp{411, "the model has no chat template",
              "A conversation was asked for, but the model does not say how one is written.",
              "A base model that completes text and was not trained for conversations, or a conversion that lost the template.",
              "Use kt run --raw for plain completion, or give a template with --template FILE."},
    ErrorHelp{412, "a chat template cannot be parsed",
              "The template is not valid Jinja, or not UTF-8; line and column are shown.",
              "A template edited by hand or cut, or an extension of Jinja that kt does not know.",
              "Mend the place shown, or give another template with --template FILE."},
    ErrorHelp{413, "a chat template refuses the messages", "The template failed while it was applied to this conversation.",
              "Roles that do not alternate as the template demands, a system message that it does not take, an undefined value.",
              "Change the messages as the text says; kt template render shows what the template makes of them."},
    ErrorHelp{414, "a chat template takes too long", "The template reached the limit of steps or of output that kt allows.",
              "A loop that does not end, or a template made to exhaust memory.",
              "Use another template: none of a real model comes near the limits."},
    ErrorHelp{415, "a weight cannot be stored in the type",
              "A value is not finite or beyond what the type can hold, or a row is no whole number of the type's blocks.",
              "A damaged or diverged checkpoint, or a recipe that names a type with long blocks for short rows.",
              "Check the model with kt perplexity; give the tensor another type with a recipe (quantize: bf16 or keep)."},
    ErrorHelp{416, "saved logits are damaged or of another run",
              "The file given to --kl-base cannot be compared with this run of kt perplexity.",
              "It was made from another text, with another --window or tokenizer, or it was cut or changed.",
              "Write it again: kt perplexity REFERENCE -f TEXT --save-logits FILE, with the same --window."},
    ErrorHelp{417, "a file of a model cannot be read", "The system refused to open, read or map a file that is there.",
              "Missing permission, too many open files, a failing disk or network drive.",
              "The message ends with the system's reason; look at the file with ls -l and at the system's log."},
    ErrorHelp{420, "the tokenizer is damaged or not supported",
              "tokenizer.json or the vocabulary in the GGUF file is incomplete or contradicts itself.",
              "A cut file, a vocabulary of another model, or a kind of tokenizer that kt does not have.",
              "Fetch the tokenizer's files again. Without a tokenizer, token ids can still be given with --ids."},

    // 05xx: memory; exit code 5.
    ErrorHelp{501, "out of memory",
              "The model would not fit, as kt plan shows, or the process could not get the memory that it needs.",
              "A model larger than memory, a large --ctx-size, a limit set by ulimit, a container or a service.",
              "kt plan MODEL shows what goes where; use a smaller --ctx-size, --batch-size or model, or raise the limit."},
    ErrorHelp{502, "the system refused a large block of memory",
              "A buffer for values or for the KV cache could not be allocated.",
              "Not enough free memory, or a limit of the container or of ulimit -v.",
              "Use a smaller --ctx-size or --batch-size, or end other programs."},
    ErrorHelp{503, "the KV cache is full", "All pages or all sequences of the cache are in use.",
              "A conversation longer than the cache, or more conversations at once than it was made for.",
              "Use a larger --ctx-size, a shorter prompt, or --cache-type f16."},
    ErrorHelp{504, "a device is out of memory", "The device could not allocate a buffer of the size shown.",
              "More layers bound to the device than fit beside the cache, or another process that uses it.",
              "Bind fewer layers to the device, or use a smaller --ctx-size."},
    ErrorHelp{505, "a weight would lie on two devices",
              "Prefill and decode run a module on different devices, so that its weights would be held twice.",
              "A rule file with different devices for the two phases.",
              "Bind both phases to one device, or accept the memory with --duplicate-weights."},

    // 06xx: plugins and model libraries; exit code 6.
    ErrorHelp{601, "a file is no plugin", "A library in a plugin folder has no manifest of kt, or one that cannot be read.",
              "A library of something else, or a plugin built without the SDK's macros.",
              "Remove it from the folder, or build it with KT_PLUGIN or KT_MODEL of the SDK."},
    ErrorHelp{602, "a plugin cannot be opened", "The system's loader refused the library.",
              "A library that it needs is not installed or too old.",
              "ldd FILE shows what is missing; install it, or ask the vendor for a build for this system."},
    ErrorHelp{603, "a plugin did not start", "The library exports no kt_plugin_entry, or this function failed.",
              "A library built without the SDK's macros, or a device driver that the plugin needs and does not find.",
              "The message carries the plugin's own reason. kt plugins check PLUGIN tries it in a process of its own."},
    ErrorHelp{604, "a plugin was built for another version of kt",
              "The plugin's table of functions is of a version that this kt does not have, or is malformed.",
              "A plugin newer than kt, or compiled against changed headers.",
              "Upgrade kt, or ask the vendor for a build against the ABI that kt version prints."},
    ErrorHelp{
        605, "an operator of a plugin failed",
        "A plugin reported a failure, crashed or ended the program while it was created, prepared or run; the message has "
        "operator "
        "and reason.",
        "A weight type or option that it refuses late, a device that ran out of memory, a mistake in the plugin.",
        "Bind another operator to the node with --rules; report it to the plugin's author with the output of kt plugins check."},
    ErrorHelp{
        606, "a plugin file is not trusted", "Plugins are code: files and folders that other users could change are not loaded.",
        "The file belongs to another user, it or its folder can be written by any user, or the folder's name is not absolute.",
        "chown or chmod o-w as the hint says, and write plugin folders as whole paths."},
    ErrorHelp{607, "two plugins bring the same operator, or one brings a broken one",
              "The name of an operator must be unique, and its table must have a name and functions.",
              "Two versions of one plugin in the plugin folders.", "Remove one of the two; kt plugins ls shows their paths."},
    ErrorHelp{608, "a plugin cannot be unloaded", "The plugin is still in use, or not loaded at all.",
              "A model is open whose nodes are bound to its operators, or the plugin brings classes of nodes.",
              "Close the model first."},
    ErrorHelp{609, "there is no plugin of this name", "The name is neither a file nor that of a plugin in the plugin folders.",
              "A misspelled name, or a library in a folder that kt does not search.",
              "kt plugins ls shows the plugins and their paths; a library elsewhere is given by its path."},
    ErrorHelp{610, "a node's attributes or shapes are wrong",
              "A model library built a node whose inputs or attributes its class does not allow.",
              "A mistake in the model library, or a configuration with unusual sizes.",
              "Report it to the library's author with the node's name; docs/reference/classes.md has the contracts."},
    ErrorHelp{611, "a class of nodes is defined twice", "A plugin defines a class that exists already.",
              "Two plugins, or two versions of one, with the same class.",
              "Remove one of the two; kt plugins ls shows their paths."},
    ErrorHelp{612, "a model library misuses the graph builder",
              "The library called the builder in an order or with values that make no graph.", "A mistake in the model library.",
              "Report it to the library's author."},
    ErrorHelp{613, "a graph is inconsistent", "The finished graph uses a value before it is made, or lacks an output.",
              "A mistake in the model library.",
              "Report it to the library's author; kt inspect MODEL --graph --all prints the graph."},
    ErrorHelp{614, "the text of a graph cannot be read", "A graph in text form has a line that does not follow its grammar.",
              "A file edited by hand or cut.", "Write it again with kt inspect MODEL --graph --all."},
    ErrorHelp{615, "a graph cannot be planned",
              "A node is bound to no operator, or its values cannot be laid out without a copy that the plan does not make.",
              "A rule that unbinds a primitive, or a model library that merges heads which do not lie side by side.",
              "Look at kt inspect MODEL --binding; remove the rule that took the node."},
    ErrorHelp{616, "a bound operator is not loaded", "The plan names an operator whose plugin is not there any more.",
              "A plugin removed or changed between planning and loading.", "kt plugins ls shows what is loaded; plan again."},
    ErrorHelp{617, "a state would be read on two devices",
              "Prefill and decode run attention of one layer on different devices, so that its KV cache would have to move.",
              "A rule file with different devices for the two phases of an attention module.",
              "Bind both phases of the module to one device."},
    ErrorHelp{618, "a device failed or does not exist", "A device reported a failure, or no plugin brings a device of that name.",
              "A driver that is missing or was reset, a plugin that is not usable here, a misspelled device.",
              "kt plugins ls shows the devices; kt doctor says why a plugin is not used."},
    ErrorHelp{619, "an operator wrote behind its memory",
              "With --plugin-paranoid the bytes behind the outputs and the scratch of every operator are looked at after each call; "
              "they had changed.",
              "A mistake in the plugin: a loop that goes one vector too far, a scratch size that is too small.",
              "Report it to the plugin's author with the sentence; kt plugins check tries the plugin; bind another operator there."},
    ErrorHelp{620, "an operator did not come to an end",
              "A step of the model took longer than --op-timeout allows. The program ends with exit code 70, so that what supervises it "
              "starts it again.",
              "An operator that waits for ever, a device that hangs, a limit that is too short for long prompts.",
              "Raise the limit to see whether it is only slow; report it to the plugin's author with the sentence."},

    // 07xx: features of the machine; exit code 7.
    ErrorHelp{701, "the processor lacks a feature",
              "A plugin was built for instructions that this processor, or this virtual machine, does not have.",
              "An older processor, or a virtual machine that hides AVX2, AVX-512 or AMX.",
              "Nothing needs to be done when another library of the plugin is usable: kt plugins ls shows which. kt doctor lists "
              "the processor's features."},

    // 09xx: checks; exit code 9.
    ErrorHelp{901, "a conformance case cannot be run",
              "kt plugins check was asked for a case that does not exist, or lacks the operators of plugin ref to compare with.",
              "A case number of another version of kt, or plugin ref missing from the plugin folders.",
              "Leave --case away to run all cases; kt plugins ls shows whether plugin ref is loaded."},
};

constexpr bool is_ascending() {
  for (size_t i = 1; i < kTable.size(); ++i)
    if (kTable[i - 1].code >= kTable[i].code) return false;
  return true;
}
static_assert(is_ascending());

}  // namespace

std::span<const ErrorHelp> error_table() { return kTable; }

const ErrorHelp* find_error(std::string_view code) {
  for (const std::string_view prefix : {"KT-", "kt-"})
    if (code.starts_with(prefix)) code.remove_prefix(prefix.size());
  if (!code.empty() && std::string_view("EWew").find(code[0]) != std::string_view::npos) code.remove_prefix(1);
  int number = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), number);
  if (code.empty() || error != std::errc() || end != code.data() + code.size()) return nullptr;
  const auto entry = std::find_if(kTable.begin(), kTable.end(), [&](const ErrorHelp& e) { return e.code == number; });
  return entry == kTable.end() ? nullptr : &*entry;
}

std::string error_name(int code) {
  char text[16];
  std::snprintf(text, sizeof text, "KT-E%04d", code);
  return text;
}

std::string error_help_text(const ErrorHelp& entry) {
  std::string out = error_name(entry.code) + ": " + entry.title + "\n\n";
  const std::pair<const char*, const char*> parts[] = {
      {"  meaning   ", entry.meaning}, {"  causes    ", entry.causes}, {"  to do     ", entry.remedy}};
  for (const auto& [label, text] : parts) {
    out += label;
    append_wrapped(out, text, 12, 98);
  }
  return out + "  exit code " + std::to_string(core::exit_code(entry.code)) + "\n";
}

}  // namespace kt::app
