module github.com/mortise-auth/mortise

go 1.26
