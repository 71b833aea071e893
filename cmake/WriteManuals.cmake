# cmake -DKT=... -DFOLDER=... -DSTAMP=... -P WriteManuals.cmake: the man pages and shell completions of the program KT, laid out as in
# the share folder of an installation.
file(REMOVE_RECURSE ${FOLDER}/man ${FOLDER}/bash-completion ${FOLDER}/zsh ${FOLDER}/fish)
file(MAKE_DIRECTORY ${FOLDER}/man/man1 ${FOLDER}/bash-completion/completions ${FOLDER}/zsh/site-functions ${FOLDER}/fish/vendor_completions.d)
set(ENV{HOME} /nonexistent)  # nothing of the builder's own settings
unset(ENV{XDG_CONFIG_HOME})
unset(ENV{KT_JSON})
execute_process(COMMAND ${KT} help --man ${FOLDER}/man/man1 COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${KT} completion bash OUTPUT_FILE ${FOLDER}/bash-completion/completions/kt COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${KT} completion zsh OUTPUT_FILE ${FOLDER}/zsh/site-functions/_kt COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${KT} completion fish OUTPUT_FILE ${FOLDER}/fish/vendor_completions.d/kt.fish COMMAND_ERROR_IS_FATAL ANY)
file(TOUCH ${STAMP})
