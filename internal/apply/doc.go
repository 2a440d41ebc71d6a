// Package apply owns the declarative state of an instance: what a file wants,
// and the changes that lead there from what is.
//
// A File names resources by the keys people know them by: a role by its name,
// an organisation by its slug, a scope by its name, a resource by its identifier,
// a client by its client_id, a user by the primary e-mail address. What a File
// does not mention is left alone, a list it mentions becomes exactly that list,
// and a password counts only when the account is created. Plan compares and
// changes nothing; the flow that carries a plan out is its caller. Sub-package
// manifest reads the YAML, so that programs without files link no YAML.
package apply
