// `npm run bench` measures the product with its embedded lab; `npm run bench -- host-state` against a shell script and Ansible on real machines.
const [what = 'product', ...rest] = process.argv.slice(2);
if (what === 'product') await import('./product.ts');
else if (what === 'host-state') await (await import('./host-state/run.ts')).runHostState(rest);
else {
  console.error(`There is no bench "${what}"; there are: product, host-state.`);
  process.exitCode = 64;
}
