import Foundation

print(URL(string: "https://as.example/authorize")!)
