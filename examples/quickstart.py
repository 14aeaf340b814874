"""Runs a module on a whole network inside this process, and checks the receipt."""

import lilypad

result = lilypad.run("examples/modules/cowsay", Message="hello, pond")

print(result.text, end="")
print(f"{result.instruction_count} instructions, {result.cost_lp}")
result.receipt.verify()
print("the receipt verifies")
