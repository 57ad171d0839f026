export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

const bash = `# bash completion for teelamma: source <(teelamma completion bash)
_teelamma() {
  COMPREPLY=()
  local word description
  while IFS=$'\\t' read -r word description; do
    COMPREPLY+=("$word")
  done < <(teelamma complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _teelamma teelamma`;

const zsh = `#compdef teelamma
# zsh completion for teelamma: source <(teelamma completion zsh), after compinit
_teelamma() {
  local -a found
  local line
  for line in "\${(@f)$(teelamma complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( $#found )); then _describe -t words word found; else _files; fi
}
if [[ $funcstack[1] == _teelamma ]]; then _teelamma "$@"; else compdef _teelamma teelamma; fi`;

const fish = `# fish completion for teelamma: teelamma completion fish | source
function __teelamma_complete
  set -l typed (commandline --tokenize --cut-at-cursor --current-process)
  set -l current (commandline --current-token --cut-at-cursor)
  if test -z "$current"
    teelamma complete --next -- $typed[2..] 2>/dev/null
  else
    teelamma complete -- $typed[2..] "$current" 2>/dev/null
  end
end
complete --command teelamma --no-files --arguments '(__teelamma_complete)'
complete --command teelamma --condition '__fish_seen_subcommand_from run route' --long-option file --short-option f --require-parameter --force-files`;

const powershell = `# PowerShell completion for teelamma: teelamma completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName teelamma -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" })
  $next = @(if ($wordToComplete -eq '') { '--next' })
  teelamma complete @next '--' @words 2>$null | ForEach-Object {
    $word, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $description)
  }
}`;

/** What a shell has to read once. None of them evaluates what the user is typing. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell };
