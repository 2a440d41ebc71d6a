package verify_test

import (
	"context"
	"fmt"

	"github.com/mortise-auth/mortise/verify"
)

func ExampleFromContext() {
	kim := verify.NewIdentity(verify.Claims{
		Kind: verify.User, Subject: "usr_06f0a1b2c3d4e5f6g7h8j9k0mn", Name: "Kim", Roles: []string{"editor"},
		Organizations: []verify.Organization{{Slug: "acme", Roles: []string{"owner"}}},
	})
	ctx := verify.NewContext(context.Background(), &kim) // what Require does

	who, ok := verify.FromContext(ctx)
	fmt.Println(ok, who.Name, who.HasRole("editor"), who.HasOrganizationRole("acme", "owner"))
	// Output: true Kim true true
}
