module lilypad.test/reference

go 1.24
