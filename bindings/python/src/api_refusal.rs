use proofkey::ApiRefusal;

type Refusal = (&'static str, Option<Vec<String>>, Option<Vec<String>>, Option<u32>);

/// Why an API refused a request with an access token, from the status and all `WWW-Authenticate` headers of its response
/// (RFC 6750 section 3, RFC 9470 section 3): the name of the error, and the scope, the `acr_values` and the `max_age` that
/// the API asks for. `None` for every other response.
///
/// >>> api_refusal(403, ['Bearer error="insufficient_scope", scope="files.write"'])
/// ('insufficient_scope', ['files.write'], None, None)
#[pyo3::pyfunction]
#[pyo3(signature = (status, www_authenticate, /))]
pub(crate) fn api_refusal(status: u16, www_authenticate: Vec<String>) -> Option<Refusal> {
    let refusal = ApiRefusal::from_response(status, www_authenticate.iter().map(String::as_str))?;
    let list = |texts: Option<&[String]>| texts.map(<[_]>::to_vec);
    Some((refusal.kind().name(), list(refusal.scope()), list(refusal.acr_values()), refusal.max_age()))
}
