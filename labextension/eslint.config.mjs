import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import hooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

/** Properties of ours that a person reads, beside those that Lab has: its own are known to the plugin. */
const READ = [
  'accept',
  'blocked',
  'body',
  'busy',
  'end',
  'hint',
  'message',
  'note',
  'okLabel',
  'summary'
];

/** What programs read, or developers, in English. */
const NOT_READ = [
  'CallExpression[callee.object.name="console"]',
  'CallExpression[callee.name=/^(describe|describeList|useKeptFocus)$/]',
  // What it sets that a person reads, the plugin knows.
  'CallExpression[callee.property.name="setAttribute"]',
  'NewExpression[callee.name="Token"]',
  'Property[key.name=/^(description|key)$/]'
].join(', ');

/** What the plugin does not look into: what a function returns, and templates, which no extractor can read. */
const UNTRANSLATED = [
  {
    selector:
      'Literal[value=/^[^<]*(?<![\\w-])\\p{L}{2,}[,;:.]? \\p{L}{2,}/u]' +
      ':not(CallExpression[callee.object.name="trans"] > Literal)' +
      `:not(:matches(${NOT_READ}) Literal)`,
    message: 'A phrase that a person reads goes through trans.__().'
  },
  {
    selector:
      'TemplateElement[value.raw=/(^|\\s)\\p{L}{2,}\\s|\\s\\p{L}+([\\s.,:;…?!)]|$)/u]' +
      `:not(:matches(${NOT_READ}) TemplateElement)`,
    message: 'A sentence has its values as %1, %2 in trans.__(), and is not put together.'
  }
];

export default typescript.config(
  { ignores: ['lib', 'node_modules', 'src/schema.ts', '*.mjs', 'style'] },
  js.configs.recommended,
  ...typescript.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.test.json' } },
    plugins: { 'react-hooks': hooks },
    rules: {
      ...hooks.configs.recommended.rules,
      eqeqeq: 'error',
      // A signal takes its slot and the slot's `this` apart, and Lab keeps types beside a class in a namespace.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { attributes: false } }
      ]
    }
  },
  {
    files: ['src/**'],
    plugins: { jupyter },
    rules: {
      'jupyter/incorrect-translator-usage': 'error',
      'jupyter/no-dynamic-translation': 'error',
      'jupyter/no-translation-concatenation': 'error',
      'jupyter/no-untranslated-string': ['error', { checkProperties: [...READ, 'word'] }],
      'no-restricted-syntax': ['error', ...UNTRANSLATED]
    }
  },
  {
    // What a kind of file is called there decides what is done with it; `wordOf` says it.
    files: ['src/artifactkinds.ts'],
    rules: {
      'jupyter/no-untranslated-string': ['error', { checkProperties: READ }],
      'no-restricted-syntax': 'off'
    }
  },
  // It writes Python.
  { files: ['src/artifactcell.ts'], rules: { 'no-restricted-syntax': 'off' } },
  // What it says is caught, and told in other words.
  { files: ['src/parquet/room.ts'], rules: { 'no-restricted-syntax': 'off' } },
  prettier
);
