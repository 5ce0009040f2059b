import hooks from "eslint-plugin-react-hooks";
import { configs, config } from "typescript-eslint";

export default config(
  { ignores: ["dist", "generated", "node_modules", "**/*.mjs", "**/*.js"] },
  ...configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  { plugins: { "react-hooks": hooks }, rules: hooks.configs.recommended.rules },
  {
    rules: {
      // `onClick={() => setOpen(true)}` says what it does.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["react-aria*"], message: "Only src/kit knows React Aria." }] },
      ],
      // Ids exceed what a number holds exactly; nothing of the page may make a number of a text of unknown length.
      "no-restricted-globals": ["error", { name: "parseInt", message: "Ids are texts." }],
    },
  },
  { files: ["src/kit/**"], rules: { "no-restricted-imports": "off" } },
);
