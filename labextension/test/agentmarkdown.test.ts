import { describe, expect, it } from 'vitest';

import { AgentMarkdown } from '../src/agentmarkdown';

const markdown = new AgentMarkdown({ render: source => Promise.resolve(source) });

describe('Markdown that an agent wrote', () => {
  it.each(['```mermaid', '~~~~ mermaid', '> - ```\u00a0mermaid', '```\tmermaid'])(
    'draws no diagram: %j',
    async fence => {
      expect(await markdown.render(`${fence}\ngraph TD\n`)).not.toContain('mermaid');
    }
  );

  it('is else what it was', async () => {
    const text = 'A mermaid.\n\n```python\nmermaid = 1\n```\n';
    expect(await markdown.render(text)).toBe(text);
  });
});
