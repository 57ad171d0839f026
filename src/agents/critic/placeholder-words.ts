/**
 * Whether the text of a comment is a placeholder for code that was left out: `worded` says so in words, `bare` is only an
 * ellipsis. Undefined for every other comment. The words must be the whole comment.
 */
export function placeholderForm(comment: string): 'worded' | 'bare' | undefined {
  const text = comment.trim();
  if (/^(?:\.{3,}|…)$/.test(text)) return 'bare';
  const words = text
    .replace(/^[\s.…()[\]<>{}*=~-]+|[\s.…()[\]<>{}*=~!-]+$/g, '')
    .replace(/\s+/g, ' ')
    .toLowerCase();
  if (words === '' || words.length > 100) return undefined;
  const hasEllipsis = /\.{3}|…/.test(text);
  const isPlaceholder =
    placeholders.some((pattern) => pattern.test(words)) || (hasEllipsis && beginsWithRest.test(words));
  return isPlaceholder ? 'worded' : undefined;
}

const noun =
  '(?:code|file|function(?:s|ality)?|class(?:es)?|methods?|components?|implementations?|logic|imports?|script|module|program|' +
  'propert(?:y|ies)|fields?|routes?|handlers?|tests?(?: cases)?|styles?|content|body|config(?:uration)?|helpers?|cases|parts?|stuff|' +
  'entries|items|options|endpoints|definitions?|declarations?|statements?|variables?|types?|members?|setup)';
const scope =
  '(?:(?:the|your|my|this|our|its|all|any|of|other|existing|original|previous|current|old|remaining|rest|more|same|\\w+)[ /,&]+){0,4}';
const staying =
  '(?:(?:is|are|was|were|goes|go|remains?|stays?|continues?|follows?|comes?|would go|would be|should be|can be)? ?' +
  '(?:exactly )?(?:the )?(?:here|unchanged|same|identical|as (?:before|is|above|it was|they were)|omitted|unmodified|untouched|' +
  'same as (?:before|above|in the original|previously|the original)|not shown|elided|below|follows)' +
  '(?: (?:here|as before|as above|as in the original|above|below|for (?:brevity|clarity)))?)';

/** Each matches the whole comment, in lower case, without its decoration. */
const placeholders: readonly RegExp[] = [
  new RegExp(
    `^(?:and |then |\\+ )?(?:the |all |all the )?(?:rest|remainder)(?: of ${scope}${noun})?(?: ${staying})$`,
  ),
  new RegExp(`^(?:and |then |\\+ )?(?:the |all |all the )?(?:rest|remainder) of ${scope}${noun}$`),
  new RegExp(
    `^(?:the |all |all the |your |any |keep |keep the )?(?:remaining|existing|other|previous|original) ${scope}${noun}(?: ${staying})$`,
  ),
  /^(?:the |your )?(?:existing|remaining|unchanged) (?:code|logic|functionality|implementations?|imports|methods|functions|routes|handlers|fields|properties|styles|tests|helpers|cases)$/,
  /^(?:the )?(?:rest|everything else|code|all else|other code)(?: (?:is|remains|stays))? (?:unchanged|the same|as before|omitted)$/,
  /^(?:unchanged|no changes?(?: here)?|same as (?:before|above|previously|original|the original)|as before|snip|snipped|code omitted)$/,
  new RegExp(
    `^(?:${scope}${noun} )?(?:omitted|elided|truncated|shortened|skipped|removed|abbreviated) for (?:brevity|clarity|space|simplicity)$`,
  ),
  new RegExp(
    `^(?:your|insert|add|put|place|write|insert your|add your|put your|place your|write your|more|some|actual|the actual) ${scope}${noun}(?: goes| go| belongs)? here$`,
  ),
  /^(?:actual |the |full |real |same )?(?:implementation|code|logic|body)(?: goes| would go| details?)? (?:here|omitted|not shown|as before)$/,
  new RegExp(
    `^(?:todo|fixme)\\b[:\\s-]*(?:please )?(?:implement(?:ation)?|add implementation|write|fill in|complete)(?: (?:this|me|it|here|the rest|later|${scope}${noun}))*$`,
  ),
  /^(?:implement (?:this|me|the rest|here)(?: \w+)?|to be implemented|fill in(?: the rest)?(?: here)?)$/,
  /^(?:continue|continues|continued|and so on|etc) (?:here|with the rest|for the rest|for (?:the |all )?other \w+|similarly)$/,
];

/** With an ellipsis beside them, fewer words will do. */
const beginsWithRest = new RegExp(
  `^(?:the |all |your |and |and the |keep |keep the |more |some )?(?:rest\\b|remaining\\b|existing\\b|unchanged\\b|other ${noun}|previous ${noun}|` +
    `same as\\b|omitted\\b|more ${noun}|as before|implementation$|code$|snip$)`,
);
