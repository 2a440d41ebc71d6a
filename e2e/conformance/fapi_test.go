package conformance

import "testing"

// OA-15 OA-16 OA-17 OA-18 OA-32 OA-33 OA-34 OA-73 OA-74 OA-80 OA-82 OA-84:
// fapi2-security-profile-final-test-plan with plain_fapi, private_key_jwt and dpop.
func TestConformanceFAPI2OpenID(t *testing.T) {
	profile{openid: true}.plan(t, fapiCode, fapiPAR, fapiAuth, fapiDPoP)
}

func TestConformanceFAPI2PlainOAuth(t *testing.T) {
	profile{}.plan(t, fapiCode, fapiPAR, fapiAuth, fapiDPoP)
}

// OA-37: the same with the profile fapi_client_credentials_grant.
func TestConformanceFAPI2ClientCredentials(t *testing.T) {
	profile{machine: true}.plan(t, fapiCode, fapiPAR, fapiAuth, fapiDPoP)
}
