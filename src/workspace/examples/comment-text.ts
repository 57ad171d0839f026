import type { ExampleLanguage } from './example-programs.ts';

/** The docstrings and comments of code without their marks, each line where it stands; the code itself is blank, since a call in code states nothing. */
export function commentText(code: string, language: ExampleLanguage): string {
  const pattern =
    language === 'python' ? /"""[\s\S]*?"""|'''[\s\S]*?'''|^\s*#.*$/gm : /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
  const parts: string[] = [];
  let end = 0;
  for (const match of code.matchAll(pattern)) {
    parts.push(blank(code.slice(end, match.index)), withoutMarks(match[0]));
    end = match.index + match[0].length;
  }
  return parts.join('');
}

function blank(code: string): string {
  return code.replace(/[^\n]+/g, '');
}

function withoutMarks(comment: string): string {
  return comment.replace(/^"""|^'''|"""$|'''$|^\/\*+|\*+\/$/g, '').replace(/^[^\S\n]*(?:\*|\/\/|#)+ ?/gm, '');
}
