import type { ComponentChildren } from 'preact';
import { goTo } from '../router.ts';

interface LinkProps {
  readonly href: string;
  readonly class?: string;
  readonly isCurrent?: boolean;
  readonly children: ComponentChildren;
}

/** A link within the page: another tab, a copied address and the back button work as with any other. */
export function Link({ href, isCurrent, children, ...rest }: LinkProps) {
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    goTo(href);
    scrollTo(0, 0);
  };
  return (
    <a href={href} onClick={onClick} aria-current={isCurrent ? 'page' : undefined} {...rest}>
      {children}
    </a>
  );
}
