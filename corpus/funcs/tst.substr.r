[ll] [el] [he]
[] [hello] []
[el] [] [llo]
[] [] [hello]

