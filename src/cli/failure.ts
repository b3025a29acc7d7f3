/** Something that whoever called the command can do something about: printed as one line, without a stack. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
