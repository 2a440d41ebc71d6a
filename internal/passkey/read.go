package passkey

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
)

// answered is AuthenticationResponseJSON (WebAuthn 5.1.8.2).
type answered struct {
	ID         string          `json:"id"`
	RawID      encoded         `json:"rawId"`
	Type       string          `json:"type"`
	Attachment string          `json:"authenticatorAttachment"`
	Extensions json.RawMessage `json:"clientExtensionResults"`
	Response   struct {
		ClientData        encoded `json:"clientDataJSON"`
		AuthenticatorData encoded `json:"authenticatorData"`
		Signature         encoded `json:"signature"`
		UserHandle        encoded `json:"userHandle"`
	} `json:"response"`
}

// encoded is base64url, with padding or without.
type encoded string

func (e encoded) bytes(problem *error) []byte {
	if e == "" {
		return nil
	}
	out, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(string(e), "="))
	if err != nil {
		*problem = err
	}
	return out
}

// parse is the library's ParseCredentialRequestResponseBytes, which reads the JSON five
// times over. What the fields mean is the library's to see.
func parse(answer []byte) (*protocol.ParsedCredentialAssertionData, error) {
	var in answered
	err := json.Unmarshal(answer, &in)
	if err != nil {
		return nil, err
	}
	var out protocol.CredentialAssertionResponse
	out.ID, out.Type, out.RawID, out.AuthenticatorAttachment = in.ID, in.Type, in.RawID.bytes(&err), in.Attachment
	out.AssertionResponse.ClientDataJSON = in.Response.ClientData.bytes(&err)
	out.AssertionResponse.AuthenticatorData = in.Response.AuthenticatorData.bytes(&err)
	out.AssertionResponse.Signature = in.Response.Signature.bytes(&err)
	out.AssertionResponse.UserHandle = in.Response.UserHandle.bytes(&err)
	if said := string(in.Extensions); err == nil && said != "" && said != "{}" && said != "null" {
		err = json.Unmarshal(in.Extensions, &out.ClientExtensionResults)
	}
	if err != nil {
		return nil, err
	}
	return out.Parse()
}
