import { describe, expect, it } from 'vitest';

import { hex, terminalColours } from '../src/labterminals';

describe('the colours of a terminal', () => {
  it('are those that Lab gives its light and its dark one', () => {
    expect(terminalColours('light')).toEqual({ foreground: '#000000', background: '#ffffff' });
    expect(terminalColours('dark')).toEqual({ foreground: '#ffffff', background: '#000000' });
  });

  it('are read as a browser computes them, and no others', () => {
    expect(hex('rgb(1, 20, 255)')).toBe('#0114ff');
    expect(hex('rgba(0, 0, 0, 0.87)')).toBe('#000000');
    expect(hex('oklch(0.7 0.1 200)')).toBeNull();
    expect(hex('')).toBeNull();
  });
});
