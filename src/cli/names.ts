/** Names that a shell offers, from where they are at home: loaded only when somebody asks for them. */

export async function stepNames(): Promise<readonly string[]> {
  return (await import('../app/plan/plan.js')).STEP_NAMES;
}

export async function middleboxNames(): Promise<readonly string[]> {
  return (await import('../app/lab/lab.js')).ROUTER_NAMES;
}
